// SPDX-License-Identifier: Apache-2.0
#include "machine/machine.h"

#include <utility>

#include "machine/board.h"
#include "machine/inspection.h"

namespace verbatim {

Machine::Machine(std::unique_ptr<Board> board) : board_(std::move(board)) {}

Machine::~Machine() = default;

Result<std::unique_ptr<Machine>> Machine::Create(const MachineConfig& config, ByteSink& serial) {
  Result<std::unique_ptr<Board>> board = Board::Create(config, serial);
  if (!board) return std::unexpected(board.error());
  return std::unique_ptr<Machine>(new Machine(std::move(*board)));
}

Result<MachineOutcome> Machine::Run() { return board_->Run(); }

void Machine::RequestStop() { board_->RequestStop(); }

void Machine::RequestPause() { board_->RequestPause(); }

size_t Machine::QueueSerialInput(std::span<const uint8_t> bytes) {
  return board_->QueueSerialInput(bytes);
}

size_t Machine::SerialInputRoom() const { return board_->SerialInputRoom(); }

size_t Machine::QueueKeys(std::span<const KeyEvent> events) { return board_->QueueKeys(events); }

size_t Machine::KeyRoom() const { return board_->KeyRoom(); }

bool Machine::QueueMouse(const MouseEvent& event) { return board_->QueueMouse(event); }

std::optional<std::string> Machine::ChangeMedium(MediaSlot slot) {
  return board_->ChangeMedium(slot);
}

void Machine::SetPictureObserver(std::function<void()> on_picture) {
  board_->display().SetPictureObserver(std::move(on_picture));
}

bool Machine::ScreenChanged() const { return board_->display().Changed(); }

void Machine::RequestView() { board_->RequestView(); }

void Machine::RequestPicture() { board_->RequestPicture(); }

std::shared_ptr<const ScreenView> Machine::View() const { return board_->display().View(); }

std::optional<Image> Machine::TakePicture() { return board_->display().TakePicture(); }

std::vector<Statistic> Machine::Statistics() const { return board_->Statistics(); }

const CpuState& Machine::Cpu() const { return board_->Cpu(); }

size_t Machine::ReadPhysical(PhysicalAddress address, std::span<uint8_t> bytes) const {
  return ReadPhysicalMemory(board_->mmu(), address, bytes);
}

size_t Machine::ReadLinear(LinearAddress address, std::span<uint8_t> bytes) const {
  return ReadLinearMemory(board_->mmu(), address, bytes);
}

}  // namespace verbatim
