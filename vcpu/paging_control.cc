// SPDX-License-Identifier: Apache-2.0
// Writes of CR0, CR3, CR4 and EFER. See paging_control.h.
#include "vcpu/paging_control.h"

namespace verbatim {
namespace {

constexpr uint32_t kCr0Defined = cr0::kPe | cr0::kMp | cr0::kEm | cr0::kTs | cr0::kEt | cr0::kNe |
                                 cr0::kWp | cr0::kAm | cr0::kNw | cr0::kCd | cr0::kPg;

}  // namespace

Faultable<PagingState> PagingControl::Compose(uint32_t cr0_value, uint32_t cr3_value,
                                              uint32_t cr4_value, uint64_t efer_value,
                                              bool load_pdptes) {
  PagingState paging{.enabled = (cr0_value & cr0::kPg) != 0,
                     .write_protect = (cr0_value & cr0::kWp) != 0,
                     .large_pages = (cr4_value & cr4::kPse) != 0,
                     .pae = (cr4_value & cr4::kPae) != 0,
                     .global_pages = (cr4_value & cr4::kPge) != 0,
                     .no_execute = (efer_value & efer::kNxe) != 0,
                     .cr3 = cr3_value,
                     .pdpte = {}};
  if (paging.pae) paging.pdpte = mmu_.paging().pdpte;
  if (paging.enabled && paging.pae && load_pdptes && !mmu_.LoadPdptes(cr3_value, paging.pdpte)) {
    return RaiseGeneralProtection();
  }
  return paging;
}

void PagingControl::Install(const PagingState& paging, bool mode_changed) {
  mmu_.SetPaging(paging, true);
  if (windows_ == nullptr) return;
  if (mode_changed) {
    windows_->ResetAll();
  } else {
    windows_->FlushAll(false);
  }
}

void PagingControl::Flush(const PagingState& paging, bool keep_global) {
  mmu_.SetPaging(paging, !keep_global);
  if (windows_ != nullptr) windows_->FlushAll(keep_global);
}

Faultable<void> PagingControl::WriteCr0(uint32_t value) {
  value = (value & kCr0Defined) | cr0::kEt;
  if ((value & (cr0::kPg | cr0::kPe)) == cr0::kPg) return RaiseGeneralProtection();
  if ((value & (cr0::kNw | cr0::kCd)) == cr0::kNw) return RaiseGeneralProtection();
  const uint32_t changed = state_.cr0 ^ value;
  if ((changed & (cr0::kPg | cr0::kWp)) != 0) {
    const bool enabling = (changed & value & cr0::kPg) != 0;
    ASSIGN_OR_FAULT(const PagingState paging,
                    Compose(value, state_.cr3, state_.cr4, state_.efer, enabling));
    Install(paging, (changed & cr0::kPg) != 0);
  }
  state_.cr0 = value;
  return {};
}

Faultable<void> PagingControl::WriteCr3(uint32_t value) {
  ASSIGN_OR_FAULT(const PagingState paging,
                  Compose(state_.cr0, value, state_.cr4, state_.efer, true));
  state_.cr3 = value;
  Flush(paging, paging.global_pages);
  return {};
}

Faultable<void> PagingControl::WriteCr4(uint32_t value) {
  if ((value & ~model_.cr4_defined) != 0) return RaiseGeneralProtection();
  constexpr uint32_t kFlushing = cr4::kPse | cr4::kPae | cr4::kPge;
  const uint32_t changed = state_.cr4 ^ value;
  if ((changed & kFlushing) != 0) {
    ASSIGN_OR_FAULT(const PagingState paging,
                    Compose(state_.cr0, state_.cr3, value, state_.efer, true));
    Install(paging, paging.enabled && (changed & cr4::kPae) != 0);
  }
  state_.cr4 = value;
  return {};
}

Faultable<void> PagingControl::WriteEfer(uint64_t value) {
  if ((value & ~(model_.features.nx ? efer::kNxe : 0)) != 0) return RaiseGeneralProtection();
  if (state_.efer != value) {
    ASSIGN_OR_FAULT(const PagingState paging,
                    Compose(state_.cr0, state_.cr3, state_.cr4, value, false));
    Install(paging, false);
    state_.efer = value;
  }
  return {};
}

void PagingControl::InvalidatePage(LinearAddress address) {
  mmu_.InvalidatePage(address);
  if (windows_ != nullptr) windows_->InvalidatePage(address);
}

void PagingControl::Synchronize() {
  auto paging = Compose(state_.cr0, state_.cr3, state_.cr4, state_.efer, true);
  // PDPTEs that the guest could not have loaded: none is present then.
  if (!paging) {
    paging = Compose(state_.cr0, state_.cr3, state_.cr4, state_.efer, false);
    paging->pdpte = {};
  }
  Install(*paging, true);
}

}  // namespace verbatim
