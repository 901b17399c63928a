// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/guest_snippet.h"

#include <array>
#include <cstring>

#include "base/bits.h"
#include "base/check.h"
#include "vcpu/cpu_model.h"
#include "vcpu/descriptor_tables.h"

namespace verbatim::test {
namespace {

constexpr uint32_t kUserPage = kPtePresent | kPteWritable | kPteUser;
constexpr uint32_t kKernelPage = kPtePresent | kPteWritable;
constexpr uint16_t kTssLimit = 0x67;
constexpr uint32_t kHostMxcsr = 0x1F80;

// The x87 registers stay in the processor between runs: both ways, leaving MXCSR at the host's.
void LoadX87(const CpuImage& image) {
  alignas(16) std::array<uint8_t, 512> fx{};
  std::memcpy(fx.data(), image.fx.data(), kFxXmm);
  StoreLittle<uint32_t>(&fx[kFxMxcsr], kHostMxcsr);
  StoreLittle<uint32_t>(&fx[kFxMxcsr + 4], 0);
  asm volatile("fxrstor %0"
               :
               : "m"(fx)
               : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                 "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

void SaveX87(CpuImage& image) { asm volatile("fxsave %0\n\tfninit" : "=m"(image.fx)); }

bool HasErrorCodeOnStack(uint32_t vector) {
  return vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;
}

}  // namespace

Result<std::unique_ptr<GuestSnippet>> GuestSnippet::Create(EngineOptions options) {
  options.validate = true;
  Result<std::unique_ptr<PhysicalMemory>> memory = PhysicalMemory::Create(kGuestRamBytes);
  if (!memory) return std::unexpected(memory.error());
  std::unique_ptr<GuestSnippet> guest(new GuestSnippet(std::move(*memory)));
  guest->memory_->AddDevice(PhysicalAddress{kDevicePage}, kPageBytes, &guest->board_);
  Result<std::unique_ptr<WindowSet>> windows =
      WindowSet::Create(guest->mmu_, {.max_windows = 4, .mapping_budget = 4000});
  if (!windows) return std::unexpected(windows.error());
  guest->windows_ = std::move(*windows);
  const std::optional<CpuModel> model = FindCpuModel("core2");
  CHECK(model.has_value());
  Result<std::unique_ptr<Engine>> engine =
      Engine::Create(guest->mmu_, *guest->windows_, guest->board_, *model, guest->board_, options);
  if (!engine) return std::unexpected(engine.error());
  guest->engine_ = std::move(*engine);
  guest->BuildTables();
  guest->SetUpProcessor();
  return guest;
}

void GuestSnippet::BuildTables() {
  const auto put32 = [this](uint32_t address, uint32_t value) {
    StoreLittle(Memory(address, 4).data(), value);
  };
  const auto put_descriptor = [&](uint16_t selector, uint32_t low, uint32_t high) {
    put32(kGdt + (selector & 0xFFF8u), low);
    put32(kGdt + (selector & 0xFFF8u) + 4, high);
  };
  put_descriptor(kKernelCs, 0x0000FFFF, 0x00CF9B00);
  put_descriptor(kKernelDs, 0x0000FFFF, 0x00CF9300);
  put_descriptor(kUserCs, 0x0000FFFF, 0x00CFFB00);
  put_descriptor(kUserDs, 0x0000FFFF, 0x00CFF300);
  put32(kTss + 4, kKernelStackTop);
  put32(kTss + 8, kKernelDs);
  put32(kTss + 100, 104u << 16);  // no I/O permission bitmap
  for (uint32_t vector = 0; vector < 256; ++vector) {
    const uint32_t stub = kStubs + vector * 16;
    put32(kIdt + vector * 8, (uint32_t{kKernelCs} << 16) | (stub & 0xFFFF));
    const bool callable = vector == 3 || vector == 4;  // INT3 and INTO at CPL 3
    put32(kIdt + vector * 8 + 4, (stub & 0xFFFF0000u) | (callable ? 0xEE00u : 0x8E00u));
    static constexpr uint8_t kCodeOfStub[] = {0xE6, 0xF4, 0xF4, 0xEB, 0xFD};  // out; hlt; jmp
    std::memcpy(Memory(stub, 16).data(), kCodeOfStub, sizeof kCodeOfStub);
  }
  for (uint32_t table = 0; table < 4; ++table) {
    put32(kPageDirectory + table * 4, (kPageTables + table * kPageBytes) | kUserPage);
  }
  const auto map = [&](uint32_t from, uint32_t bytes, uint32_t rights) {
    for (uint32_t at = from; at < from + bytes; at += kPageBytes) {
      put32(kPageTables + (at >> kPageShift) * 4, at | rights);
    }
  };
  map(kCode, kCodeBytes, kUserPage);
  map(kData, kDataBytes, kUserPage);
  map(kStack, kStackBytes, kUserPage);
  map(kGdt, kSupervisorBytes, kKernelPage);
}

void GuestSnippet::SetUpProcessor() {
  constexpr uint16_t kFlatData3 = 0xC0F3;
  VirtualCpu& cpu = engine_->cpu();
  cpu.Reset();
  CpuState& cpu_state = cpu.state();
  cpu_state.cr0 = cr0::kPg | cr0::kPe | cr0::kWp | cr0::kNe | cr0::kMp | cr0::kEt;
  cpu_state.cr3 = kPageDirectory;
  cpu_state.cr4 = cr4::kOsfxsr | cr4::kOsxmmexcpt;
  cpu_state.gdtr = {kGdt, kGdtLimit};
  cpu_state.idtr = {kIdt, 256 * 8 - 1};
  cpu_state.tr = {kTssSelector, 0x8B, kTss, kTssLimit};
  cpu_state.segments.fill({kUserDs, kFlatData3, 0, 0xFFFFFFFFu});
  cpu_state.segments[kFs] = cpu_state.segments[kGs] = {};
  cpu.SynchronizePaging();
}

void GuestSnippet::Flush() {
  mmu_.Flush(true);
  windows_->FlushAll(false);
}

void GuestSnippet::Map(uint32_t linear, uint32_t physical, uint32_t rights) {
  const uint32_t at = kPageTables + (linear >> kPageShift) * 4;
  StoreLittle(Memory(at, 4).data(), physical | rights);
  Flush();
}

void GuestSnippet::SelectDirectory(uint32_t directory) {
  constexpr std::array<uint8_t, 5> kLoadCr3{0x0F, 0x22, 0xD8, 0xE6, 0xF4};  // and stop
  CpuImage start = CpuImage::Typical();
  start.eip = kCode + kPageBytes;
  start.gpr[kEax] = directory;
  Write(start.eip, kLoadCr3);
  CHECK(RunAtCpl0(start) == directory);
}

void GuestSnippet::MapElsewhere(uint32_t start, uint32_t bytes) {
  for (uint32_t page = start; page < start + bytes; page += kPageBytes) {
    Map(page, page, 0);
    Map(page + kElsewhere, page, kUserPage);
  }
}

void GuestSnippet::MapHome(uint32_t start, uint32_t bytes) {
  for (uint32_t page = start; page < start + bytes; page += kPageBytes) {
    Map(page, page, kUserPage);
    Map(page + kElsewhere, page, 0);
  }
}

void GuestSnippet::MapHigh(uint32_t linear, uint32_t physical, uint32_t rights) {
  const uint32_t at = kHighPageTable + ((linear >> kPageShift) & 0x3FF) * 4;
  StoreLittle(Memory(at, 4).data(), physical | rights);
  StoreLittle(Memory(kPageDirectory + 0xFFC, 4).data(), kHighPageTable | kUserPage);
  Flush();
}

void GuestSnippet::Start(const CpuImage& start, uint32_t cpl) {
  const auto dpl = static_cast<uint16_t>(cpl << 5);
  const auto flat_code = static_cast<uint16_t>(0xC09B | dpl);
  const auto flat_data = static_cast<uint16_t>(0xC093 | dpl);
  CpuState& cpu = state();
  cpu.gpr = start.gpr;
  cpu.eip = start.eip;
  cpu.eflags = start.eflags | flag::kReservedOne | flag::kIf;
  cpu.cpl = cpl;
  cpu.segments[kCs] = {cpl == 0 ? kKernelCs : kUserCs, flat_code, 0, 0xFFFFFFFFu};
  for (const uint8_t segment : {kSs, kDs, kEs}) {
    cpu.segments[segment] = {cpl == 0 ? kKernelDs : kUserDs, flat_data, 0, 0xFFFFFFFFu};
  }
  cpu.segments[kFs] = cpu.segments[kGs] = {};
  cpu.halted = false;
  cpu.shutdown = false;
  cpu.shadow_active = false;
  std::memcpy(cpu.xmm.data(), &start.fx[kFxXmm], sizeof cpu.xmm);
  cpu.mxcsr = LoadLittle<uint32_t>(&start.fx[kFxMxcsr]);
  board_.stopped = false;
}

uint32_t GuestSnippet::RunAtCpl0(const CpuImage& start) {
  Start(start, 0);
  const Result<RunResult> result = engine_->Run();
  CHECK(result.has_value() && *result == RunResult::kStopped);
  return state().gpr[kEax];
}

void GuestSnippet::SetDescriptor(uint16_t selector, uint64_t descriptor) {
  CHECK((selector & 0xFFF8u) + 7u <= kGdtLimit);
  StoreLittle(Memory(kGdt + (selector & 0xFFF8u), 8).data(), descriptor);
}

void GuestSnippet::SetLdt(std::span<const uint64_t> descriptors) {
  Write(kLdt, {reinterpret_cast<const uint8_t*>(descriptors.data()), descriptors.size_bytes()});
  const auto limit = static_cast<uint32_t>(descriptors.size_bytes()) - 1;
  state().ldtr = {.selector = kLdtRegister, .attributes = 0x82, .base = kLdt, .limit = limit};
}

bool GuestSnippet::LoadSegments(const std::array<uint16_t, kSegmentCount>& selectors) {
  CpuState& cpu = state();
  DescriptorTables tables(cpu, mmu_);
  const Faultable<SegmentRegister> code =
      tables.PrepareReturnCode(selectors[kCs], Vector::kGeneralProtection);
  if (!code) return false;
  cpu.segments[kCs] = *code;
  for (const uint8_t segment : {kSs, kDs, kEs, kFs, kGs}) {
    const Faultable<SegmentRegister> loaded = tables.PrepareSegment(segment, selectors[segment]);
    if (!loaded) return false;
    cpu.segments[segment] = *loaded;
  }
  return true;
}

std::optional<Outcome> GuestSnippet::Run(const CpuImage& start,
                                         const std::array<uint16_t, kSegmentCount>& selectors) {
  Start(start, 3);
  if (!LoadSegments(selectors)) return std::nullopt;
  return Finish(start);
}

void GuestSnippet::RunBriefly(const CpuImage& start,
                              const std::array<uint16_t, kSegmentCount>& selectors) {
  constexpr uint64_t kKicks = 20;
  board_.stop_at_service = board_.services + kKicks;
  (void)Run(start, selectors);
  board_.stop_at_service = 0;
}

Outcome GuestSnippet::Run(const CpuImage& start) {
  Start(start, 3);
  std::optional<Outcome> end = Finish(start);
  CHECK(end.has_value());
  return *end;
}

std::optional<Outcome> GuestSnippet::Finish(const CpuImage& start) {
  CpuState& cpu = state();
  LoadX87(start);
  const Result<RunResult> result = engine_->Run();
  Outcome end;
  SaveX87(end.cpu);
  CHECK(result.has_value());
  const bool in_stub = cpu.cpl == 0 && cpu.eip >= kStubs && cpu.eip < kStubs + 256 * 16;
  if (*result != RunResult::kStopped || !in_stub) return std::nullopt;

  // The stub of `vector` is about to halt; its frame is on the supervisor's stack.
  end.vector = static_cast<uint8_t>((cpu.eip - kStubs) / 16);
  uint32_t at = cpu.gpr[kEsp];
  const auto pop = [&] {
    const auto value = LoadLittle<uint32_t>(Memory(at, 4).data());
    at += 4;
    return value;
  };
  if (HasErrorCodeOnStack(end.vector)) end.error_code = pop();
  end.fault_address = cpu.cr2;
  end.cpu.gpr = cpu.gpr;
  end.cpu.eip = pop();
  for (uint32_t i = 0; i < kSegmentCount; ++i) end.selectors[i] = cpu.segments[i].selector;
  end.selectors[kCs] = static_cast<uint16_t>(pop());
  end.cpu.eflags = pop();
  end.cpu.gpr[kEsp] = pop();
  end.selectors[kSs] = static_cast<uint16_t>(pop());
  std::memcpy(&end.cpu.fx[kFxXmm], cpu.xmm.data(), sizeof cpu.xmm);
  StoreLittle<uint32_t>(&end.cpu.fx[kFxMxcsr], cpu.mxcsr);
  return end;
}

}  // namespace verbatim::test
