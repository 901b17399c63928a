// SPDX-License-Identifier: Apache-2.0
// Blocks of pages that are written often look at their own bytes each time they are entered,
// instead of relying on write protection. They end behind whatever may write memory, so that what
// follows is looked at again: exact to the next instruction.
//
//   mov r10d, gs:[address]                     4, 2 or 1 bytes; the first read of each page, which
//   mov r9, rcx                                alone can fault, comes before rcx is touched
//   lea ecx, [r10 - expected] ; jecxz +8 ; mov rcx, r9 ; jmp stale
//   mov r8d, gs:[address]                      the next piece
//   ...
//   mov rcx, r9
// stale:  mov r8d, eip ; mov r9d, (body) ; jmp stale
//
// Flags survive, as they must at a block's entry.
#include <algorithm>
#include <bit>
#include <cstring>

#include "translator/block_builder.h"

namespace verbatim {

bool BlockBuilder::MayWriteMemory(const GuestInstruction& in) {
  switch (in.handling) {
    case Handling::kIdent:
      return in.memory.write;
    case Handling::kControlFlow:
      return in.mnemonic == Mnemonic::kCall;
    case Handling::kStack:
      return in.memory.write || (in.mnemonic != Mnemonic::kPop && in.mnemonic != Mnemonic::kLeave);
    case Handling::kString:
      return (in.opcode & 0xFE) == 0xA4 || (in.opcode & 0xFE) == 0xAA;  // movs, stos
    case Handling::kNoOperation:
    case Handling::kUndefined:
      return false;
    case Handling::kSensitive:
      // Some of those that stay in the cache are frequent; the rest may end the block as well.
      return in.mnemonic != Mnemonic::kCli && in.mnemonic != Mnemonic::kSti &&
             in.mnemonic != Mnemonic::kPopfd && in.mnemonic != Mnemonic::kRdtsc;
  }
  return true;
}

// The last of several pieces may overlap the one before it: fewer, larger reads.
void BlockBuilder::AddCheckedPieces(LinearAddress address, std::span<const uint8_t> bytes) {
  constexpr size_t kLargest = sizeof(uint32_t);
  for (size_t at = 0; at < bytes.size();) {
    const bool first_of_page = at == 0;
    size_t size = std::min(kLargest, std::bit_floor(bytes.size() - at));
    if (size < kLargest && bytes.size() >= kLargest) {
      size = kLargest;
      at = bytes.size() - kLargest;
    }
    uint32_t expected = 0;
    std::memcpy(&expected, &bytes[at], size);
    checked_.push_back({.address = address + static_cast<uint32_t>(at),
                        .bytes = static_cast<uint8_t>(size),
                        .first_of_page = first_of_page,
                        .expected = expected});
    at += size;
  }
}

void BlockBuilder::LoadPiece(uint8_t to, const CheckedPiece& piece) {
  const HostMemory memory{.displacement = static_cast<int32_t>(piece.address.value),
                          .window = true};
  switch (piece.bytes) {
    case 4:
      out_.Load32(to, memory);
      break;
    case 2:
      out_.LoadZeroExtended16(to, memory);
      break;
    default:
      out_.Memory({.map = 1, .byte = 0xB6}, to, memory);
      break;
  }
}

void BlockBuilder::EmitByteCheck() {
  const size_t in_first = std::min<size_t>(request_.first_page.size(), block_.examined_bytes);
  if (request_.check_first) {
    AddCheckedPieces(request_.key.linear, request_.first_page.first(in_first));
  }
  if (request_.check_second && block_.crosses_page) {
    AddCheckedPieces(request_.key.linear.PageStart() + kPageBytes,
                     request_.second_page.first(block_.examined_bytes - in_first));
  }
  if (checked_.empty()) return;
  Point(RecoveryKind::kInstruction, request_.eip);
  static constexpr uint8_t kPreloaded[] = {kR10, kR11};
  uint8_t preloaded = 0;
  for (const CheckedPiece& piece : checked_) {
    if (piece.first_of_page) LoadPiece(kPreloaded[preloaded++], piece);
  }
  out_.Move64(kR9, kRcx);
  Point(RecoveryKind::kCritical, request_.eip);
  preloaded = 0;
  for (const CheckedPiece& piece : checked_) {
    uint8_t value = kR8;
    if (piece.first_of_page) {
      value = kPreloaded[preloaded++];
    } else {
      LoadPiece(value, piece);
    }
    out_.Lea32(kRcx, {.base = value, .displacement = static_cast<int32_t>(0 - piece.expected)});
    const uint32_t equal = out_.JumpIfEcxZeroForward();
    out_.Move64(kRcx, kR9);
    stale_jumps_.push_back(out_.JumpForward());
    out_.Bind8(equal);
  }
  out_.Move64(kRcx, kR9);
  block_.check_end_offset = out_.offset();
}

void BlockBuilder::EmitStaleStub() {
  if (stale_jumps_.empty()) return;
  for (const uint32_t jump : stale_jumps_) out_.Bind32(jump);
  Point(RecoveryKind::kInstruction, request_.eip);
  MoveEip(kR8, request_.eip);
  out_.MoveImmediate(
      kR9, static_cast<uint32_t>(reinterpret_cast<uintptr_t>(out_.exec_at(block_.body_offset))));
  out_.Jump(stubs_.stale);
}

}  // namespace verbatim
