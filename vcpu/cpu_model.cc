// SPDX-License-Identifier: Apache-2.0
// The tables of the processor models (SDM vol. 2, CPUID, tables 3-8 to 3-12).
#include "vcpu/cpu_model.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "vcpu/cpu_state.h"

namespace verbatim {
namespace {

// Leaf 1 EDX.
constexpr uint32_t kFpu = 1u << 0;
constexpr uint32_t kDe = 1u << 2;
constexpr uint32_t kPse = 1u << 3;
constexpr uint32_t kTsc = 1u << 4;
constexpr uint32_t kMsr = 1u << 5;
constexpr uint32_t kPae = 1u << 6;
constexpr uint32_t kMce = 1u << 7;
constexpr uint32_t kCx8 = 1u << 8;
constexpr uint32_t kApic = 1u << 9;
constexpr uint32_t kSep = 1u << 11;
constexpr uint32_t kMtrr = 1u << 12;
constexpr uint32_t kPge = 1u << 13;
constexpr uint32_t kMca = 1u << 14;
constexpr uint32_t kCmov = 1u << 15;
constexpr uint32_t kPat = 1u << 16;
constexpr uint32_t kPse36 = 1u << 17;
constexpr uint32_t kClfsh = 1u << 19;
constexpr uint32_t kMmx = 1u << 23;
constexpr uint32_t kFxsr = 1u << 24;
constexpr uint32_t kSse = 1u << 25;
constexpr uint32_t kSse2 = 1u << 26;
// Leaf 1 ECX.
constexpr uint32_t kSse3 = 1u << 0;
constexpr uint32_t kSsse3 = 1u << 9;
// Leaf 7 EDX.
constexpr uint32_t kArchCapabilities = 1u << 29;
// Leaf 80000001h EDX.
constexpr uint32_t kNx = 1u << 20;

constexpr uint32_t kP6Features = kFpu | kDe | kPse | kTsc | kMsr | kPae | kMce | kCx8 | kSep |
                                 kMtrr | kPge | kMca | kCmov | kPat | kPse36 | kMmx | kFxsr | kSse;
constexpr uint32_t kCr4OfP6 = cr4::kTsd | cr4::kDe | cr4::kPse | cr4::kPae | cr4::kMce | cr4::kPge |
                              cr4::kOsfxsr | cr4::kOsxmmexcpt;

// "GenuineIntel".
constexpr uint32_t kVendorEbx = 0x756E6547;
constexpr uint32_t kVendorEdx = 0x49656E69;
constexpr uint32_t kVendorEcx = 0x6C65746E;

constexpr uint32_t kCore2Signature = 0x000006FB;
constexpr std::array kCore2Leaves = {
    CpuidLeaf{0, 0, {7, kVendorEbx, kVendorEcx, kVendorEdx}},
    // EBX: one logical processor, CLFLUSH line of 8 * 8 bytes.
    CpuidLeaf{1, 0, {kCore2Signature, 0x00010800, kSse3 | kSsse3, kP6Features | kClfsh | kSse2}},
    // TLBs; L1 32 KiB + 32 KiB, L2 4 MiB 16-way, 64-byte prefetch.
    CpuidLeaf{2, 0, {0x05B0B101, 0x005657F0, 0, 0x2CB43049}},
    CpuidLeaf{4, 0, {0x00000121, 0x01C0003F, 63, 1}},    // L1 data: 8 ways, 64 sets
    CpuidLeaf{4, 1, {0x00000122, 0x01C0003F, 63, 1}},    // L1 instruction
    CpuidLeaf{4, 2, {0x00000143, 0x03C0003F, 4095, 1}},  // L2: 16 ways, 4096 sets
    CpuidLeaf{7, 0, {0, 0, 0, kArchCapabilities}}, CpuidLeaf{0x80000000, 0, {0x80000008, 0, 0, 0}},
    CpuidLeaf{0x80000001, 0, {0, 0, 0, kNx}},
    CpuidLeaf{0x80000006, 0, {0, 0, 0x10008040, 0}},  // L2: 4096 KiB, 16-way, 64-byte lines
    CpuidLeaf{0x80000008, 0, {0x00002024, 0, 0, 0}},  // 32 linear, 36 physical bits
};

constexpr uint32_t kPentium3Signature = 0x00000686;
constexpr std::array kPentium3Leaves = {
    CpuidLeaf{0, 0, {2, kVendorEbx, kVendorEcx, kVendorEdx}},
    CpuidLeaf{1, 0, {kPentium3Signature, 0x00000002, 0, kP6Features}},  // EBX: brand "Pentium III"
    // TLBs; L1 16 KiB + 16 KiB, L2 256 KiB 8-way.
    CpuidLeaf{2, 0, {0x03020101, 0, 0, 0x0C040882}},
};

// Sixteen of the 48 characters of the brand string.
CpuidResult BrandLeaf(std::string_view brand, uint32_t part) {
  std::array<char, 48> text{};
  std::copy_n(brand.begin(), std::min(brand.size(), text.size() - 1), text.begin());
  CpuidResult result;
  std::memcpy(&result, text.data() + part * sizeof result, sizeof result);
  return result;
}

}  // namespace

CpuidResult CpuModel::Query(uint32_t leaf, uint32_t subleaf, bool apic_enabled) const {
  const bool basic = leaf <= max_basic_leaf;
  const bool extended = leaf >= 0x80000000u && leaf <= max_extended_leaf;
  if (!basic && !extended) leaf = max_basic_leaf;
  if (leaf >= 0x80000002u && leaf <= 0x80000004u) return BrandLeaf(brand, leaf - 0x80000002u);
  for (const CpuidLeaf& entry : leaves) {
    // Only leaf 4 has subleaves.
    if (entry.leaf != leaf || (leaf == 4 && entry.subleaf != subleaf)) continue;
    CpuidResult result = entry.result;
    if (leaf == 1 && has_apic && apic_enabled) result.edx |= kApic;
    return result;
  }
  return {};
}

std::optional<CpuModel> FindCpuModel(std::string_view name, bool has_apic) {
  if (name == "core2") {
    return CpuModel{.name = "core2",
                    .brand = "Intel(R) Core(TM)2 CPU (Verbatim)",
                    .signature = kCore2Signature,
                    .max_basic_leaf = 7,
                    .max_extended_leaf = 0x80000008,
                    .features = CpuFeatures{},
                    .has_apic = has_apic,
                    .has_arch_capabilities = true,
                    .cr4_defined = kCr4OfP6,
                    .mxcsr_mask = 0xFFFF,
                    .leaves = kCore2Leaves};
  }
  if (name == "pentium3") {
    CpuModel model{.name = "pentium3",
                   .brand = {},
                   .signature = kPentium3Signature,
                   .max_basic_leaf = 2,
                   .max_extended_leaf = 0,
                   .features = CpuFeatures{},
                   .has_apic = has_apic,
                   .has_arch_capabilities = false,
                   .cr4_defined = kCr4OfP6,
                   .mxcsr_mask = 0xFFBF,
                   .leaves = kPentium3Leaves};
    model.features.sse2 = false;
    model.features.sse3 = false;
    model.features.ssse3 = false;
    model.features.clflush = false;
    model.features.nx = false;
    return model;
  }
  return std::nullopt;
}

}  // namespace verbatim
