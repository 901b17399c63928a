// SPDX-License-Identifier: Apache-2.0
#include "tests/memory/guest_page_tables.h"

#include <gtest/gtest.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace verbatim {

GuestPageTables::GuestPageTables(PhysicalMemory& memory, uint32_t next_table)
    : memory_(memory), next_table_(next_table), root_(NewTable()) {}

uint32_t GuestPageTables::NewTable() {
  const std::vector<uint8_t> zeros(kPageBytes);
  memory_.Write({next_table_}, zeros.data(), zeros.size());
  next_table_ += kPageBytes;
  return next_table_ - kPageBytes;
}

void GuestPageTables::SetPde(uint32_t linear, uint32_t pde) {
  Store<uint32_t>(root_ + (linear >> 22) * 4, pde);
}
uint32_t GuestPageTables::GetPde(uint32_t linear) {
  return Load<uint32_t>(root_ + (linear >> 22) * 4);
}
void GuestPageTables::SetLarge(uint32_t linear, uint32_t pde) {
  SetPde(linear, pde | static_cast<uint32_t>(kPteLarge));
}

void GuestPageTables::Set(uint32_t linear, uint32_t entry) {
  if (GetPde(linear) == 0) SetPde(linear, NewTable() | kOpen);
  const uint32_t table = GetPde(linear) & ~kPageOffsetMask;
  Store<uint32_t>(table + ((linear >> 12) & 1023) * 4, entry);
}
uint32_t GuestPageTables::Get(uint32_t linear) {
  const uint32_t table = GetPde(linear) & ~kPageOffsetMask;
  return Load<uint32_t>(table + ((linear >> 12) & 1023) * 4);
}

void GuestPageTables::Share(GuestPageTables& other, uint32_t first_linear) {
  for (uint64_t at = first_linear; at < uint64_t{1} << 32; at += 4 << 20) {
    SetPde(static_cast<uint32_t>(at), other.GetPde(static_cast<uint32_t>(at)));
  }
}

uint64_t GuestPageTables::PaePdeLocation(uint32_t linear) {
  const uint64_t slot = root_ + (linear >> 30) * 8;
  if (Load<uint64_t>(slot) == 0) Store<uint64_t>(slot, NewTable() | kPtePresent);
  return (Load<uint64_t>(slot) & ~uint64_t{kPageOffsetMask}) + ((linear >> 21) & 511) * 8;
}
void GuestPageTables::SetPaePde(uint32_t linear, uint64_t pde) {
  Store<uint64_t>(PaePdeLocation(linear), pde);
}
uint64_t GuestPageTables::GetPaePde(uint32_t linear) {
  return Load<uint64_t>(PaePdeLocation(linear));
}
void GuestPageTables::SetPae(uint32_t linear, uint64_t entry) {
  if (GetPaePde(linear) == 0) SetPaePde(linear, NewTable() | kOpen);
  const uint64_t table = GetPaePde(linear) & 0xF'FFFF'F000;
  Store<uint64_t>(table + ((linear >> 12) & 511) * 8, entry);
}
uint64_t GuestPageTables::GetPae(uint32_t linear) {
  const uint64_t table = GetPaePde(linear) & 0xF'FFFF'F000;
  return Load<uint64_t>(table + ((linear >> 12) & 511) * 8);
}

bool HostReadable(uint64_t address) {
  uint8_t byte = 0;
  const iovec to{.iov_base = &byte, .iov_len = 1};
  const iovec from{.iov_base = reinterpret_cast<void*>(address), .iov_len = 1};
  return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == 1;
}

bool HostWritable(uint64_t address) {
  uint8_t byte = 0;
  const iovec here{.iov_base = &byte, .iov_len = 1};
  const iovec there{.iov_base = reinterpret_cast<void*>(address), .iov_len = 1};
  return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == 1 &&
         process_vm_writev(getpid(), &here, 1, &there, 1, 0) == 1;
}

uint64_t HostMappings(uint64_t start, uint64_t bytes) {
  std::ifstream maps("/proc/self/maps");
  uint64_t count = 0;
  for (std::string line; std::getline(maps, line);) {
    unsigned long low = 0;
    unsigned long high = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &low, &high) != 2) continue;
    if (low < start + bytes && high > start) ++count;
  }
  return count;
}

WindowMachine::WindowMachine(uint64_t ram_bytes, const WindowSet::Options& options)
    : memory(std::move(PhysicalMemory::Create(ram_bytes).value())),
      mmu(*memory),
      windows(std::move(WindowSet::Create(mmu, options).value())) {}

void WindowMachine::Use(const GuestPageTables& tables, bool keep_global) {
  state.cr3 = tables.root();
  if (state.pae) {
    ASSERT_TRUE(mmu.LoadPdptes(state.cr3, state.pdpte));
  }
  UsePaging(state, keep_global);
}

void WindowMachine::UsePaging(const PagingState& paging, bool keep_global) {
  mmu.SetPaging(paging, !keep_global);
  windows->FlushAll(keep_global);
}

uint64_t WindowMachine::HostMappingsOfWindows() const {
  uint64_t count = 0;
  for (WindowId id = 0; id < windows->max_windows(); ++id) {
    count += HostMappings(windows->HostBase(id), uint64_t{1} << 32);
  }
  return count;
}

uint32_t& WindowMachine::Ram(uint32_t physical) {
  return *reinterpret_cast<uint32_t*>(memory->ram().data() + physical);
}

volatile uint32_t& WindowMachine::Seen(WindowId window, uint32_t linear) const {
  return *reinterpret_cast<volatile uint32_t*>(HostOf(window, linear));
}

}  // namespace verbatim
