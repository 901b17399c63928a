// SPDX-License-Identifier: Apache-2.0
#include "tests/oracle/generator.h"

#include "tests/oracle/segments.h"
#include "tests/oracle/values.h"

namespace verbatim::test {
namespace {

constexpr uint64_t kSingleShare = 3;                  // one program in so many is of one form
constexpr uint64_t kTurnStream = ~uint64_t{1};        // no program has this number
constexpr uint64_t kStartStream = uint64_t{1} << 48;  // likewise: where the streams of starts begin
constexpr uint64_t kFillingStream = uint64_t{1} << 49;
constexpr uint32_t kPage = 0x1000;

// Where the first instruction stands: anywhere in the code area, often so that an instruction
// crosses the end of a page, sometimes so that the program runs over the area's end.
uint32_t PickPlace(Random& random) {
  const uint32_t kind = random.Below(16);
  if (kind < 4) return kCaseCode.start + kPage - random.Below(kMaxInstructionBytes + 1);
  if (kind < 6) return kCaseCode.start + kPage - random.Below(120);
  return kCaseCode.start + Program::kDataBytes +
         random.Below(kCaseCode.bytes - kMaxCaseCode - Program::kDataBytes - 1);
}

// Flat ones in more than half of the cases: that is how most guests run.
void PickSelectors(Random& random, const Segments& segments, uint32_t place, Case& out) {
  if (random.Below(16) < 9) {
    if (random.OneIn(4)) out.selectors[kFs] = segments.PickData(random);
    if (random.OneIn(4)) out.selectors[kGs] = segments.PickData(random);
    return;
  }
  if (!random.OneIn(3)) out.selectors[kCs] = segments.PickCode(random, place);
  if (!random.OneIn(3)) out.selectors[kSs] = segments.PickStack(random);
  for (const uint8_t segment : {kEs, kDs, kFs, kGs}) {
    if (!random.OneIn(3)) out.selectors[segment] = segments.PickData(random);
  }
}

}  // namespace

Generator::Generator(uint64_t seed)
    : seed_(seed),
      forms_(FormTable::Get()),
      ldt_(MakeLdt(seed)),
      first_turn_(Random(seed, kTurnStream).Next()) {}

Case Generator::Make(uint64_t index) const {
  return WithStart(MakeProgram(index / kStartsOfEach), index);
}

void Generator::MakeAll(uint64_t first, uint64_t last, std::vector<Case>& out) const {
  out.clear();
  Case program;
  for (uint64_t index = first; index < last; ++index) {
    if (index == first || index % kStartsOfEach == 0) program = MakeProgram(index / kStartsOfEach);
    out.push_back(WithStart(program, index));
  }
}

// The first start is that for which the program was made.
Case Generator::WithStart(const Case& program, uint64_t index) const {
  Case out = program;
  out.index = index;
  if (index % kStartsOfEach == 0) return out;
  Random random(seed_, kStartStream + index);
  CpuImage other;
  PickStart(random, other);
  for (uint8_t gpr = 0; gpr < 8; ++gpr) {
    if (((program.free_registers >> gpr) & 1) != 0) out.start.gpr[gpr] = other.gpr[gpr];
  }
  // The direction of strings was aimed for, too.
  out.start.eflags = (other.eflags & ~flag::kDf) | (program.start.eflags & flag::kDf);
  out.start.fx = other.fx;
  return out;
}

Case Generator::MakeProgram(uint64_t number) const {
  Random random(seed_, number);
  Case out;
  out.seed = seed_;
  // Programs in a row find the same: to fill memory costs as much as to run one.
  constexpr uint64_t kProgramsOfEachFilling = 16;
  out.memory_seed =
      Random(seed_, kFillingStream + number / kProgramsOfEachFilling).Below(kMemoryFillings);
  const Segments segments(ldt_);
  const uint32_t place = PickPlace(random);
  PickSelectors(random, segments, place, out);
  const std::optional<uint32_t> single = SingleForm(number);
  if (single) {
    // A few forms exist in code of one size only.
    const auto& prefixes = forms_.table.forms()[*single].prefixes;
    const bool code32 = segments.Of(out.selectors[kCs]).big;
    if (!prefixes[code32 ? 1 : 0].valid) {
      out.selectors[kCs] = code32 ? Segments::Code16() : kFlatCode;
    }
    // 16-bit addresses do not reach anything in a flat segment.
    const Recipe recipe = forms_.recipes[*single];
    const bool image = recipe == Recipe::kStoreState || recipe == Recipe::kLoadState;
    if (forms_.table.forms()[*single].address_bits == 16 && (image || !random.OneIn(4))) {
      out.selectors[kDs] = out.selectors[kEs] = Segments::Data16();
      out.selectors[kSs] = Segments::Stack16();
    }
  }
  const uint32_t data_bytes = single || !random.OneIn(4) ? Program::kDataBytes : 0;
  out.code_at = place - data_bytes;
  PickStart(random, out.start);
  out.start.eip = place - segments.Of(out.selectors[kCs]).base;
  out.start.gpr[kEsp] = PickStackPointer(random, segments.Of(out.selectors[kSs]));

  Program program(forms_, ldt_, random, out, data_bytes);
  if (single) {
    program.Append(*single);
  } else if (number % kSingleShare == 0) {
    program.AppendUndefined();
  } else {
    AppendSeveral(random, program);
  }
  program.Finish();
  return out;
}

// In turn, so that none is left out. The encodings that are no form have a turn in so many.
std::optional<uint32_t> Generator::SingleForm(uint64_t number) const {
  constexpr uint64_t kUndefinedShare = 64;
  if (number % kSingleShare != 0) return std::nullopt;
  // Each seed begins with another form: a runner may take few cases of each.
  const uint64_t turn = number / kSingleShare + first_turn_;
  if (turn % kUndefinedShare == kUndefinedShare - 1) return std::nullopt;
  return forms_.allowed[(turn - turn / kUndefinedShare) % forms_.allowed.size()];
}

// Seldom one with 16-bit addresses where they do not reach anything.
uint32_t Generator::PickForm(Random& random, const std::vector<uint16_t>& from,
                             const Program& program) const {
  const uint32_t form = random.Pick(from);
  const bool reaches = forms_.table.forms()[form].address_bits == 32 || program.DataIsNear();
  return reaches || random.OneIn(8) ? form : random.Pick(from);
}

void Generator::AppendSeveral(Random& random, Program& program) const {
  const uint32_t wanted = 1 + random.Below(14);
  for (uint32_t i = 0; i < wanted && !program.Full(); ++i) {
    const uint32_t size = program.code32() ? 1 : 0;
    const uint32_t kind = random.Below(64);
    if (kind < 18) {
      program.Append(PickForm(random, forms_.integer[size], program));
    } else if (kind < 24) {
      program.Append(PickForm(random, forms_.x87[size], program));
    } else if (kind < 32) {
      program.Append(PickForm(random, forms_.simd[size], program));
    } else if (kind < 37) {
      program.Append(PickForm(random, forms_.strings[size], program));
    } else if (kind < 43) {
      program.Append(random.Pick(forms_.stack[size]));
    } else if (kind < 52) {
      program.Append(random.Pick(forms_.branches[size]));
    } else if (kind < 58) {
      program.Append(random.Pick(forms_.system[size]));
    } else if (kind < 60) {
      program.AppendLoop();
    } else if (kind < 61) {
      program.AppendFunction();
    } else if (kind < 62) {
      program.AppendPatch();
    } else if (i + 1 == wanted) {
      program.AppendUndefined();
    } else {
      program.Append(random.Pick(forms_.all[size]));
    }
  }
}

}  // namespace verbatim::test
