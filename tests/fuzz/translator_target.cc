// SPDX-License-Identifier: Apache-2.0
// Whatever the guest's bytes, mode and segments are, translation is total, the block that comes of
// it passes the validator, and its tables are those that recovery and chaining rely on.
//
// Input: the processor's state (see StateOf), where the code lies, which sites are in software,
// then the guest code; behind it there are RETs.
#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "tests/fuzz/input.h"
#include "tests/fuzz/target.h"
#include "translator/translator.h"
#include "translator/validator/validator.h"
#include "vcpu/cpu_state.h"

namespace verbatim {
namespace {

constexpr uint32_t kPageBytes = 4096;
constexpr uint32_t kMaxInstructions = 64;
constexpr uint8_t kRet = 0xC3;
constexpr uint64_t kPhysicalPage = 0x00123000;
constexpr uint64_t kSecondPhysicalPage = 0x00777000;
constexpr uint16_t kBigData = 0xC093;
constexpr uint16_t kBigCode = 0xC09B;
constexpr uint16_t kBig = 0x4000;

// Segments of every kind that the translator tells apart.
SegmentRegister SegmentOf(uint8_t choice, FuzzInput& input) {
  SegmentRegister segment{.selector = 0x10, .attributes = kBigData, .limit = 0xFFFFFFFFu};
  switch (choice % 8) {
    case 0:
    case 1:
      break;
    case 2:
      segment.base = input.Take<uint32_t>();
      break;
    case 3:
      segment.base = uint32_t{input.Take<uint16_t>()} << 4;
      segment.limit = 0xFFFF;
      break;
    case 4:
      segment.base = input.Take<uint32_t>();
      segment.limit = input.Take<uint32_t>();
      break;
    case 5:
      segment.attributes |= 4;  // expand-down
      segment.limit = input.Take<uint32_t>();
      break;
    case 6:
      segment.attributes = 0xC091;  // read-only
      break;
    case 7:
      segment.attributes = 0;  // null
      break;
  }
  if ((choice & 0x80) != 0) segment.attributes &= static_cast<uint16_t>(~kBig);
  return segment;
}

CpuState StateOf(FuzzInput& input) {
  CpuState cpu;
  const uint8_t mode = input.Byte();
  const uint8_t fpu = input.Byte();
  cpu.cr0 = cr0::kPe | cr0::kEt | cr0::kNe;
  cpu.cr0 |= (fpu & 1) != 0 ? cr0::kTs : 0;
  cpu.cr0 |= (fpu & 2) != 0 ? cr0::kEm : 0;
  cpu.cr0 |= (fpu & 4) != 0 ? 0 : cr0::kMp;
  cpu.cr4 = (fpu & 8) != 0 ? 0 : cr4::kOsfxsr;
  cpu.cr4 |= (fpu & 16) != 0 ? cr4::kTsd : 0;
  cpu.cpl = mode & 3;
  for (const uint8_t segment : {kEs, kSs, kDs, kFs, kGs}) {
    cpu.segments[segment] = SegmentOf(input.Byte(), input);
  }
  SegmentRegister& cs = cpu.segments[kCs];
  cs = SegmentOf(input.Byte() & 0x82, input);
  // Writable code exists in real and virtual-8086 mode only.
  if ((mode & 4) == 0) cs.attributes = static_cast<uint16_t>(kBigCode & (cs.attributes | ~kBig));
  return cpu;
}

// Some sites in software, chosen by where they are.
class Policy final : public SitePolicy {
 public:
  explicit Policy(uint8_t mask) : mask_(mask) {}
  [[nodiscard]] AccessForm FormOf(PhysicalAddress instruction) const override {
    const bool other = ((mask_ >> (instruction.value % 8)) & 1) != 0;
    if (!other) return AccessForm::kDirect;
    return (instruction.value & 8) != 0 ? AccessForm::kProbed : AccessForm::kSoftware;
  }
  [[nodiscard]] bool HasAnyIn(PhysicalAddress /*page*/) const override { return mask_ != 0; }

 private:
  uint8_t mask_;
};

std::string Hex(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) text += fmt::format(" {:02x}", byte);
  return text;
}

class Case {
 public:
  explicit Case(FuzzInput input) {
    cpu_ = StateOf(input);
    const uint8_t form = input.Byte();
    cpu_.eip = input.Take<uint32_t>();
    policy_.emplace(input.Byte());
    const SegmentRegister& cs = cpu_.segments[kCs];
    const uint32_t linear = cs.base + cpu_.eip;
    offset_ = linear % kPageBytes;
    mode_ = BlockMode::Of(cpu_, cs.base == 0 ? 0 : 1);
    if ((form & 1) != 0) mode_ = mode_.Single();
    if ((form & 2) != 0) mode_ = mode_.InSoftware();
    pages_.fill(kRet);
    const std::span<const uint8_t> code = input.Bytes(pages_.size() - offset_);
    std::ranges::copy(code, pages_.begin() + offset_);
    request_ = {.key = {{kPhysicalPage + offset_}, {linear}, mode_.bits()},
                .eip = cpu_.eip,
                .first_page = std::span(pages_).subspan(offset_, kPageBytes - offset_),
                .second_page = {},
                .second_page_address = {}};
    // Where it matters, within the block.
    if ((form & 4) != 0) request_.cs_limit = std::max(cpu_.eip, cpu_.eip + form / 8);
    if ((form & 8) != 0) request_.executions = &executions_;
  }

  void Run() {
    auto memory = CodeMemory::Create(CodeMemory::kMinBytes);
    Demand(memory.has_value(), "no code memory");
    StubTable stubs;
    for (const NamedStub& stub : kStubs) {
      stubs.*stub.address = (*memory)->Commit(16);
    }
    (*memory)->SealPrologue();
    DirectCells cells;
    SiteTable sites;
    Translator translator(CpuFeatures{}, **memory, stubs, cells, sites, *policy_);
    const Block block = Translate(translator);
    const std::span<const uint8_t> code((*memory)->Writable(block.host_start), block.host_bytes);
    const Validation valid = Validator(stubs, sites).Check(block, code);
    Demand(valid.has_value(), "not confined: {}, at {:x} ({}), mode {:x}, guest code{}",
           valid ? "" : valid.error().reason, valid ? 0 : valid.error().offset,
           valid ? "" : Hex(valid.error().bytes), mode_.bits(), Hex(GuestBytes(block)));
    CheckTables(block, sites);
    CheckBoundaries(block, translator.decoder());
  }

 private:
  [[nodiscard]] Block Translate(Translator& translator) {
    auto made = translator.Translate(request_);
    if (const auto* failure = std::get_if<TranslationFailure>(&made)) {
      Demand(*failure == TranslationFailure::kNeedsSecondPage &&
                 request_.first_page.size() < kMaxInstructionBytes,
             "no block from {} bytes", request_.first_page.size());
      request_.second_page = std::span(pages_).subspan(kPageBytes);
      request_.second_page_address = {kSecondPhysicalPage};
      made = translator.Translate(request_);
    }
    Demand(std::holds_alternative<Block>(made), "no block from two pages");
    return std::get<Block>(std::move(made));
  }

  [[nodiscard]] std::span<const uint8_t> GuestBytes(const Block& block) const {
    return std::span(pages_).subspan(offset_, block.guest_bytes);
  }

  void CheckTables(const Block& block, const SiteTable& sites) const {
    Demand(block.instruction_count >= 1 && block.instruction_count <= kMaxInstructions &&
               block.ident_count <= block.instruction_count,
           "{} instructions, {} copied", block.instruction_count, block.ident_count);
    Demand(block.crosses_page || block.guest_bytes <= request_.first_page.size(),
           "{} guest bytes in {}", block.guest_bytes, request_.first_page.size());
    Demand(!mode_.single() || block.instruction_count == 1, "a single step of {} instructions",
           block.instruction_count);
    Demand(block.body_offset < block.stubs_offset && block.stubs_offset <= block.host_bytes &&
               block.dead_offset < block.host_bytes,
           "parts at {:x}, {:x}, {:x} of {:x}", block.body_offset, block.stubs_offset,
           block.dead_offset, block.host_bytes);
    Demand(block.first_site + block.site_count == sites.size(), "{} sites from {}",
           block.site_count, block.first_site);
    for (const Link& link : block.links) {
      Demand(link.source_offset + 4 <= block.host_bytes &&
                 link.stub_offset + Link::kStubBytes <= block.host_bytes,
             "link at {:x} to {:x} of {:x}", link.source_offset, link.stub_offset,
             block.host_bytes);
    }
    for (const uint32_t site : block.return_sites) {
      Demand(site < block.host_bytes, "return site at {:x} of {:x}", site, block.host_bytes);
    }
  }

  // The table of recovery points ascends and knows each boundary that became host code.
  void CheckBoundaries(const Block& block, const Decoder& decoder) const {
    Demand(!block.recovery.empty() && block.recovery.front().host_offset == 0,
           "the recovery table does not begin with the block");
    std::set<uint32_t> known;
    for (size_t i = 0; i < block.recovery.size(); ++i) {
      const RecoveryPoint& point = block.recovery[i];
      Demand(point.host_offset < block.host_bytes &&
                 (i == 0 || point.host_offset > block.recovery[i - 1].host_offset),
             "recovery point {} at {:x} of {:x}", i, point.host_offset, block.host_bytes);
      if (point.kind != RecoveryKind::kEipInR8) known.insert(point.eip);
    }
    uint32_t at = 0;
    uint32_t count = 0;
    for (; at < block.guest_bytes; ++count) {
      // The segment's limit cuts the last one off, which counts as a byte then.
      const uint64_t held = uint64_t{request_.cs_limit} + 1 - (block.eip + at);
      std::span<const uint8_t> bytes = std::span(pages_).subspan(offset_ + at);
      const bool cut = held < bytes.size();
      if (cut) bytes = bytes.first(held);
      const GuestInstruction in = decoder.Decode(bytes, mode_.code32());
      const uint32_t length = in.length == 0 && cut ? 1 : in.length;
      Demand(length != 0, "an incomplete instruction at {}", at);
      Demand(in.handling == Handling::kNoOperation || known.contains(block.eip + at),
             "no recovery point for offset {} of{}", at, Hex(GuestBytes(block)));
      at += length;
    }
    Demand(at == block.guest_bytes && count == block.instruction_count,
           "{} bytes and {} instructions, but {} and {} by the block", at, count, block.guest_bytes,
           block.instruction_count);
  }

  CpuState cpu_;
  BlockMode mode_;
  std::optional<Policy> policy_;
  uint32_t offset_ = 0;
  std::array<uint8_t, 2 * kPageBytes> pages_;
  TranslationRequest request_;
  ExecutionCounts executions_{};
};

}  // namespace
}  // namespace verbatim

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  verbatim::Case({data, size}).Run();
  return 0;
}
