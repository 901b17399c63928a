// SPDX-License-Identifier: Apache-2.0
// What blocks look like: where they end, how they are entered and left, what they call.
#include "translator/block_builder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "base/bits.h"
#include "codecache/jump_table.h"
#include "tests/translator/translation.h"

namespace verbatim {
namespace {

using testing::ElementsAreArray;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Blocks : public Translation {
 protected:
  // The one way an instruction that faults for certain looks.
  [[nodiscard]] std::string Raises(uint32_t eip, uint8_t vector) const {
    return fmt::format("mov r8d, {:#x}\nmov r9d, {}\njmp {}\n", eip,
                       vector < 10 ? fmt::format("{}", vector) : fmt::format("{:#x}", vector),
                       Address(stubs_.exception));
  }
  [[nodiscard]] static std::string ThroughCell(uint32_t target, uint32_t cell) {
    return fmt::format("mov r8d, {:#x}\nmov r9d, dword ptr [r14 + {:#x}]\njmp r9\n", target,
                       JumpTable::CellOffset(cell));
  }
  // From the block's one return site on, where the guest is at r8d; nothing if it has not one.
  [[nodiscard]] std::vector<HostInstruction> CodeAtReturnSite(const Block& block) {
    EXPECT_EQ(block.return_sites.size(), 1u);
    if (block.return_sites.empty()) return {};
    const uint8_t* const site = block.host_start + block.return_sites[0];
    EXPECT_EQ(block.RecoveryAt(site).kind, RecoveryKind::kEipInR8);
    return Disassemble(HostBytes(block).subspan(block.return_sites[0]),
                       reinterpret_cast<uint64_t>(site));
  }
};

TEST_F(Blocks, CheckTheirAddressAtEntryBySum) {
  const Block block = Translate({0xC3});
  const std::string text = TextOf(HostCode(block));
  EXPECT_THAT(text,
              StartsWith(fmt::format("lea r9d, [r8 - {:#x}]\nadox r9d, dword ptr [r15 + ", kEip)));
  EXPECT_THAT(text, HasSubstr(fmt::format("lea r10d, [r8 - {:#x}]\nmov r11d, {}\njmp {}\n", kEip,
                                          Address(block.host_start + block.body_offset),
                                          Address(stubs_.entry_doubt))));
  EXPECT_EQ(block.recovery.front().kind, RecoveryKind::kEipInR8);
}

TEST_F(Blocks, CheckTheirAddressAtEntryByZero) {
  UseOptimisations(OptimisationSet::AllBut(Optimisation::kSumChecks));
  const Block block = Translate({0xC3});
  const std::string body = Address(block.host_start + block.body_offset - 3);
  EXPECT_THAT(TextOf(HostCode(block)),
              StartsWith(fmt::format("mov r9, rcx\nlea ecx, [r8 - {:#x}]\njecxz {}\nmov rcx, r9\n"
                                     "jmp {}\nmov rcx, r9\n",
                                     kEip, body, Address(stubs_.miss))));
  EXPECT_EQ(block.recovery.front().kind, RecoveryKind::kEipInR8);
}

TEST_F(Blocks, CopyFencesAndWholeOperandsFrom16BitCodeWithoutAnOperandSize) {
  CpuState small = FlatCpu();
  small.segments[kCs].attributes &= 0xBFFF;         // D clear
  const Block block = Translate({0x0F, 0xAE, 0xF0,  // mfence
                                 0x0F, 0xAE, 0x3F,  // clflush [bx]
                                 0x0F, 0xC3, 0x07,  // movnti [bx], eax
                                 0x0F, 0xC7, 0x0F,  // cmpxchg8b [bx]
                                 0x89, 0xD8},       // mov ax, bx: this one has it
                                BlockMode::Of(small, 0));
  const std::string body = Body(block);
  for (const char* copied :
       {"mfence\n", "clflush byte ptr gs:[r8d]\n", "movnti dword ptr gs:[r8d], eax\n",
        "cmpxchg8b qword ptr gs:[r8d]\n", "mov ax, bx\n"}) {
    EXPECT_THAT(body, HasSubstr(copied));
  }
  const std::span<const uint8_t> host = HostBytes(block);
  static constexpr uint8_t kWaits[] = {0x66, 0x0F, 0xAE, 0xF0};  // tpause eax
  EXPECT_TRUE(std::ranges::search(host, kWaits).empty());
}

TEST_F(Blocks, CopyInstructionsWithTheirOperandInTheWindow) {
  const Block block = Translate({0x8B, 0x44, 0x8B, 0x08,              // mov eax, [ebx+ecx*4+8]
                                 0x01, 0x0D, 0x78, 0x56, 0x34, 0x12,  // add [0x12345678], ecx
                                 0x83, 0xC4, 0x10,                    // add esp, 16
                                 0x54,                                // push esp
                                 0x40});                              // inc eax
  EXPECT_THAT(Body(block), StartsWith("mov eax, dword ptr gs:[ebx + ecx*4 + 8]\n"
                                      "add dword ptr gs:[0x12345678], ecx\n"
                                      "add r12d, 0x10\n"
                                      "mov dword ptr gs:[r12d - 4], r12d\n"
                                      "lea r12d, [r12 - 4]\n"
                                      "inc eax\n"
                                      "mov r8d, dword ptr gs:[r12d]\n"
                                      "lea r12d, [r12 + 4]\n"
                                      "ret\n"));
  EXPECT_EQ(block.ident_count, 4u);
  EXPECT_EQ(block.site_count, 0u);
}

TEST_F(Blocks, HaveARecoveryPointForEachInstruction) {
  const Block block = Translate({0x8B, 0x03, 0x50, 0x74, 0x02, 0x0F, 0xA2, 0xE8, 1, 0, 0, 0, 0xF3,
                                 0xA4, 0x5C, 0x9D, 0xFB, 0x40});
  ExpectRecoveryOf(block, std::span(page_).subspan(kStart));
  EXPECT_EQ(block.instruction_count, 11u);
  EXPECT_EQ(block.return_sites.size(), 1u);
}

TEST_F(Blocks, EndAtUnconditionalTransfers) {
  const std::vector<std::vector<uint8_t>> transfers{
      {0xC3},                          // ret
      {0xC2, 0x08, 0x00},              // ret 8
      {0xEB, 0x10},                    // jmp short
      {0xE9, 0x00, 0x10, 0x00, 0x00},  // jmp near
      {0xFF, 0xE0},                    // jmp eax
      {0xFF, 0x20},                    // jmp [eax]
      {0xEA, 0, 0, 0, 0, 0x08, 0x00},  // jmp far
      {0xCF},                          // iret
      {0xCD, 0x80},                    // int
      {0xF4},                          // hlt
      {0x0F, 0x0B},                    // ud2
  };
  for (const std::vector<uint8_t>& transfer : transfers) {
    Write({0x40, 0x41});
    Write(transfer, kStart + 2);
    const Block block = Translate(RequestAt(kStart));
    EXPECT_EQ(block.instruction_count, 3u) << fmt::format("{:#x}", transfer[0]);
    EXPECT_EQ(block.guest_bytes, 2 + transfer.size()) << fmt::format("{:#x}", transfer[0]);
  }
}

TEST_F(Blocks, GoOnBehindConditionalBranchesAndCalls) {
  const Block block = Translate({0x74, 0x10, 0xE2, 0x10, 0xE8, 0x10, 0, 0, 0, 0x40});
  EXPECT_EQ(block.instruction_count, 5u);
}

TEST_F(Blocks, EndAfter64Instructions) {
  for (uint32_t i = 0; i < 100; ++i) page_[kStart + i] = 0x40;
  const Block block = Translate(RequestAt(kStart));
  EXPECT_EQ(block.instruction_count, 64u);
  EXPECT_EQ(block.guest_bytes, 64u);
  ASSERT_EQ(block.links.size(), 1u);
  EXPECT_EQ(block.links[0].target_eip, kEip + 64);
}

TEST_F(Blocks, EndWithTheirPage) {
  const uint32_t offset = kPageBytes - 3;
  Write({0x40, 0x41, 0x42}, offset);
  const Block block = Translate(RequestAt(offset));
  EXPECT_EQ(block.instruction_count, 3u);
  EXPECT_EQ(block.guest_bytes, 3u);
  EXPECT_FALSE(block.crosses_page);
  ASSERT_EQ(block.links.size(), 1u);
  EXPECT_EQ(block.links[0].target_eip, kPage + kPageBytes);
}

TEST_F(Blocks, EndBeforeAnInstructionThatRunsOverThePagesEnd) {
  const uint32_t offset = kPageBytes - 3;
  Write({0x40, 0xB8, 0x11}, offset);  // inc eax ; mov eax, ...
  const Block block = Translate(RequestAt(offset));
  EXPECT_EQ(block.instruction_count, 1u);
  EXPECT_EQ(block.guest_bytes, 1u);
  EXPECT_FALSE(block.crosses_page);
  ASSERT_EQ(block.links.size(), 1u);
  EXPECT_EQ(block.links[0].target_eip, kPage + offset + 1);
}

TEST_F(Blocks, AskForTheSecondPageAndThenHoldTheCrossingInstructionAlone) {
  const uint32_t offset = kPageBytes - 2;
  Write({0xB8, 0x11}, offset);  // mov eax, 0x44332211, but for its end
  TranslationRequest request = RequestAt(offset);
  EXPECT_EQ(FailureOf(request), TranslationFailure::kNeedsSecondPage);

  const std::array<uint8_t, 16> second{0x22, 0x33, 0x44, 0x40, 0x40};
  request.second_page = second;
  request.second_page_address = {0x00777000};
  const Block block = Translate(request);
  EXPECT_TRUE(block.crosses_page);
  EXPECT_EQ(block.second_page, PhysicalAddress{0x00777000});
  EXPECT_EQ(block.instruction_count, 1u);
  EXPECT_EQ(block.guest_bytes, 5u);
  EXPECT_TRUE(block.links.empty());
  EXPECT_THAT(Body(block),
              StartsWith("mov eax, 0x44332211\n" + ThroughCell(kPage + kPageBytes + 3, 0)));
}

TEST_F(Blocks, OfCrossingInstructionsAreNotLinkedEvenIntoTheirFirstPage) {
  const uint32_t offset = kPageBytes - 1;
  Write({0xEB}, offset);  // jmp short, backwards
  TranslationRequest request = RequestAt(offset);
  const std::array<uint8_t, 16> second{0xF0};
  request.second_page = second;
  const Block block = Translate(request);
  EXPECT_TRUE(block.links.empty());
  EXPECT_THAT(Body(block), StartsWith(ThroughCell(kPage + kPageBytes + 1 - 0x10, 0)));
}

TEST_F(Blocks, LinkBranchesWithinThePage) {
  const Block block = Translate({0x74, 0x10, 0xEB, 0x20});  // je ; jmp
  ASSERT_EQ(block.links.size(), 2u);
  EXPECT_EQ(block.links[0].target_eip, kEip + 2 + 0x10);
  EXPECT_EQ(block.links[1].target_eip, kEip + 4 + 0x20);
  EXPECT_THAT(Body(block),
              StartsWith(fmt::format("je {}\njmp {}\n",
                                     Address(block.host_start + block.links[0].stub_offset),
                                     Address(block.host_start + block.links[1].stub_offset))));
  for (const Link& link : block.links) {
    EXPECT_FALSE(link.chained);
    const std::string stub = Address(block.host_start + link.stub_offset);
    const auto bytes = HostBytes(block).subspan(link.stub_offset, Link::kStubBytes);
    const auto address = reinterpret_cast<uint64_t>(block.host_start) + link.stub_offset;
    EXPECT_EQ(TextOf(Disassemble(bytes, address)),
              fmt::format("mov r8d, {:#x}\nmov r9d, {}\njmp {}\n", link.target_eip, stub,
                          Address(stubs_.link)));
    // The field that chaining patches leads to the stub.
    const auto field = LoadLittle<uint32_t>(HostBytes(block).data() + link.source_offset);
    EXPECT_EQ(link.source_offset + 4 + field, link.stub_offset);
  }
}

TEST_F(Blocks, LinkBranchesToOtherPages) {
  const Block block = Translate({0x0F, 0x84, 0x00, 0x10, 0, 0,    // je +0x1000
                                 0xE9, 0xFA, 0x0F, 0x00, 0x00});  // jmp
  ASSERT_EQ(block.links.size(), 2u);
  EXPECT_EQ(block.links[0].target_eip, kEip + 6 + 0x1000);
  EXPECT_EQ(block.links[1].target_eip, kEip + 11 + 0xFFA);
}

TEST_F(Blocks, LoadBranchesToOtherPagesFromTheirCells) {
  UseOptimisations(OptimisationSet::AllBut(Optimisation::kChainPages));
  const Block block = Translate({0x0F, 0x84, 0x00, 0x10, 0, 0,    // je +0x1000
                                 0x0F, 0x85, 0x00, 0x10, 0, 0,    // jne +0x1000
                                 0xE9, 0xFA, 0x0F, 0x00, 0x00});  // jmp to where je leads
  EXPECT_TRUE(block.links.empty());
  const std::string body = Body(block);
  const uint32_t target = kEip + 6 + 0x1000;
  EXPECT_THAT(body, HasSubstr(ThroughCell(target, 1)));
  EXPECT_THAT(body, HasSubstr(ThroughCell(target + 6, 2)));
  EXPECT_THAT(body, HasSubstr(ThroughCell(kEip + 17 + 0xFFA, 0)));
}

TEST_F(Blocks, HashDirectBranchesOnceTheCellsAreTaken) {
  UseOptimisations(OptimisationSet::AllBut(Optimisation::kChainPages));
  for (uint32_t i = 0; i < DirectCells::kCells; ++i) ASSERT_TRUE(cells_.For(i));
  const Block block = Translate({0xE9, 0x00, 0x10, 0x00, 0x00});
  const uint32_t target = kEip + 5 + 0x1000;
  const std::string hashed =
      fmt::format("mov r8d, {:#x}\nmov r9d, dword ptr [r14 + {:#x}]\njmp r9\n", target,
                  JumpTable::Hash(target) * 4);
  EXPECT_THAT(Body(block), StartsWith(hashed));
  EXPECT_EQ(TextOf(Disassemble(translator_->LinkThroughCell(target), 0)), hashed);
  EXPECT_TRUE(translator_->LinkThroughCell(0x400000).empty()) << "a shorter load";
}

TEST_F(Blocks, TurnALinksStubIntoALoadFromItsCell) {
  const std::vector<uint8_t> stub = translator_->LinkThroughCell(0x12345678);
  EXPECT_LE(stub.size(), size_t{Link::kStubBytes});
  EXPECT_EQ(TextOf(Disassemble(stub, 0)), ThroughCell(0x12345678, 0));
}

TEST_F(Blocks, GuessIndirectBranches) {
  const Block block = Translate({0xFF, 0x23});  // jmp [ebx]
  ASSERT_EQ(block.links.size(), 1u);
  const Link& link = block.links[0];
  EXPECT_TRUE(link.IsGuess());
  const HostPointer stub = block.host_start + link.stub_offset;
  const HostPointer branch = block.host_start + link.guess_branch();
  const std::string body = Body(block);
  EXPECT_THAT(body, StartsWith("mov r8d, dword ptr gs:[ebx]\nlea r9d, [r8]\n"
                               "adox r9d, dword ptr [r15 + "));
  EXPECT_THAT(body, HasSubstr(fmt::format("\njmp {}\n", Address(stub))));
  EXPECT_THAT(body, HasSubstr(fmt::format("lea r10d, [r8]\nmov r11d, {}\njmp {}\n", Address(branch),
                                          Address(stubs_.guess_doubt))));
  EXPECT_THAT(body, HasSubstr(fmt::format("mov r9d, {}\njmp {}\n",
                                          Address(block.host_start + link.guess_end()),
                                          Address(stubs_.guess))));
}

TEST_F(Blocks, HashBranchesByTables) {
  EXPECT_THAT(Body(Translate({0xFF, 0x24, 0x83})),  // jmp [ebx + eax*4]
              StartsWith("mov r8d, dword ptr gs:[ebx + eax*4]\nrorx r9d, r8d, 2\n"
                         "rorx r10d, r8d, 0x12\nlea r9d, [r9 + r10]\nmovzx r9d, r9w\n"
                         "mov r9d, dword ptr [r14 + r9*4]\njmp r9\n"));
}

TEST_F(Blocks, GoOnBehindACallOfTheNextInstruction) {
  const Block block = Translate({0xE8, 0, 0, 0, 0, 0x5B});  // call next ; next: pop ebx
  EXPECT_THAT(Body(block), StartsWith(fmt::format("mov dword ptr gs:[r12d - 4], {:#x}\n"
                                                  "lea r12d, [r12 - 4]\n"
                                                  "mov ebx, dword ptr gs:[r12d]\n",
                                                  kEip + 5)));
  EXPECT_TRUE(block.return_sites.empty());
  EXPECT_TRUE(block.links.empty());
}

TEST_F(Blocks, CheckByASumWhereReturnsComeBackTo) {
  const Block block = Translate({0xE8, 0x10, 0, 0, 0});  // call
  const auto code = CodeAtReturnSite(block);
  ASSERT_GT(code.size(), 3u);
  EXPECT_EQ(code[0].text, fmt::format("lea r9d, [r8 - {:#x}]", kEip + 5));
  EXPECT_THAT(code[1].text, StartsWith("adox r9d, dword ptr [r15 + "));
  EXPECT_THAT(code[2].text, StartsWith("jo "));
  const std::string resume = fmt::format(
      "mov r11d, {}\n", Address(block.host_start + block.return_sites[0] + code[3].offset));
  const std::string text =
      TextOf(Disassemble(HostBytes(block), reinterpret_cast<uint64_t>(block.host_start)));
  EXPECT_THAT(text, HasSubstr(fmt::format("lea r10d, [r8 - {:#x}]\n", kEip + 5) + resume + "jmp " +
                              Address(stubs_.return_doubt)));
}

TEST_F(Blocks, CheckByZeroWhereReturnsComeBackTo) {
  UseOptimisations(OptimisationSet::AllBut(Optimisation::kSumChecks));
  const Block block = Translate({0xE8, 0x10, 0, 0, 0});  // call
  const auto code = CodeAtReturnSite(block);
  ASSERT_GT(code.size(), 5u);
  EXPECT_EQ(code[0].text, "mov r9, rcx");
  EXPECT_EQ(code[1].text, fmt::format("lea ecx, [r8 - {:#x}]", kEip + 5));
  EXPECT_EQ(code[4].text, "jmp " + Address(stubs_.return_miss));
  EXPECT_THAT(Body(block), StartsWith(fmt::format("mov dword ptr gs:[r12d - 4], {:#x}\n"
                                                  "lea r12d, [r12 - 4]\ncall ",
                                                  kEip + 5)));
}

TEST_F(Blocks, HoldOneUnlinkedInstructionInSingleMode) {
  const BlockMode single = FlatMode().Single();
  const Block plain = Translate({0x40, 0x41}, single);
  EXPECT_EQ(plain.instruction_count, 1u);
  EXPECT_EQ(plain.body_offset, 0u);
  EXPECT_THAT(Body(plain), HasSubstr(fmt::format("mov r8d, {:#x}\njmp {}\n", kEip + 1,
                                                 Address(stubs_.block_end))));
  const std::vector<std::vector<uint8_t>> others{{0x74, 0x10}, {0xEB, 0x10}, {0xE8, 0x10, 0, 0, 0},
                                                 {0xFF, 0xE0}, {0xFF, 0xD0}, {0xC3},
                                                 {0xE2, 0x10}};
  for (const std::vector<uint8_t>& code : others) {
    Write(code);
    const Block block = Translate(RequestAt(kStart, single));
    const std::string text = Body(block);
    EXPECT_EQ(block.instruction_count, 1u) << text;
    EXPECT_TRUE(block.links.empty()) << text;
    EXPECT_TRUE(block.return_sites.empty()) << text;
    EXPECT_THAT(text, HasSubstr("jmp " + Address(stubs_.block_end)));
    EXPECT_THAT(text, Not(HasSubstr("r14")));
  }
}

TEST_F(Blocks, RaiseProtectionBeyondTheCodeSegmentsLimit) {
  Write({0x40, 0xB8, 0x11, 0x22, 0x33, 0x44});  // inc eax ; mov eax, ...
  TranslationRequest request = RequestAt(kStart);
  request.cs_limit = kEip + 5;
  EXPECT_EQ(Translate(request).instruction_count, 2u);
  request.cs_limit = kEip + 4;
  EXPECT_EQ(Translate(request).instruction_count, 1u);

  TranslationRequest beyond = RequestAt(kStart + 1);
  beyond.cs_limit = kEip + 4;
  const Block block = Translate(beyond);
  EXPECT_EQ(block.instruction_count, 1u);
  EXPECT_THAT(Body(block), StartsWith(Raises(kEip + 1, 13)));
}

TEST_F(Blocks, RaiseProtectionForMoreThan15Bytes) {
  std::array<uint8_t, 16> code;
  code.fill(0x2E);
  code.back() = 0x40;
  Write(code);
  EXPECT_THAT(Body(Translate(RequestAt(kStart))), StartsWith(Raises(kEip, 13)));
}

TEST_F(Blocks, RaiseUndefined) {
  EXPECT_THAT(Body(Translate({0x0F, 0x0B})), StartsWith(Raises(kEip, 6)));  // ud2
  EXPECT_EQ(translator_->statistics().unknown_instructions, 0u);
  EXPECT_THAT(Body(Translate({0x0F, 0x0A})), StartsWith(Raises(kEip, 6)));  // unknown
  EXPECT_EQ(translator_->statistics().unknown_instructions, 1u);
  EXPECT_THAT(Body(Translate({0xF0, 0x40})), StartsWith(Raises(kEip, 6)));  // lock inc eax
  EXPECT_THAT(Body(Translate({0x41, 0x0F, 0x0B})), StartsWith("inc ecx\n" + Raises(kEip + 1, 6)));
}

TEST_F(Blocks, RaiseWhatTheFloatingPointModesDemand) {
  struct Case {
    std::initializer_list<uint8_t> code;
    uint32_t cr0;
    uint32_t cr4;
    int vector;  // 0: none
  };
  const std::initializer_list<uint8_t> x87{0xD9, 0xC0};        // fld st0
  const std::initializer_list<uint8_t> wait{0x9B};             // fwait
  const std::initializer_list<uint8_t> mmx{0x0F, 0xFC, 0xC1};  // paddb mm0, mm1
  const std::initializer_list<uint8_t> sse{0x0F, 0x58, 0xC1};  // addps xmm0, xmm1
  const std::initializer_list<Case> cases{
      {x87, 0, cr4::kOsfxsr, 0},
      {x87, cr0::kTs, cr4::kOsfxsr, 7},
      {x87, cr0::kEm, cr4::kOsfxsr, 7},
      {wait, cr0::kTs, cr4::kOsfxsr, 0},
      {wait, cr0::kTs | cr0::kMp, cr4::kOsfxsr, 7},
      {mmx, 0, cr4::kOsfxsr, 0},
      {mmx, cr0::kTs, cr4::kOsfxsr, 7},
      {mmx, cr0::kEm, cr4::kOsfxsr, 6},
      {sse, 0, cr4::kOsfxsr, 0},
      {sse, 0, 0, 6},
      {sse, cr0::kTs, cr4::kOsfxsr, 7},
      {sse, cr0::kEm | cr0::kTs, cr4::kOsfxsr, 6},
  };
  for (const Case& c : cases) {
    CpuState cpu = FlatCpu();
    cpu.cr0 = cr0::kPe | c.cr0;
    cpu.cr4 = c.cr4;
    page_.fill(0xC3);
    const std::string text = Body(Translate(c.code, BlockMode::Of(cpu, 0)));
    if (c.vector == 0) {
      EXPECT_THAT(text, Not(HasSubstr(Address(stubs_.exception))));
    } else {
      EXPECT_THAT(text, StartsWith(Raises(kEip, static_cast<uint8_t>(c.vector))));
    }
  }
}

TEST_F(Blocks, CallOutForSensitiveInstructions) {
  const Block block = Translate({0x40, 0x0F, 0xA2, 0x41});  // inc eax ; cpuid ; inc ecx
  EXPECT_THAT(Body(block), StartsWith(fmt::format("inc eax\nmov r9d, 0\ncall {}\ninc ecx\n",
                                                  Address(stubs_.callout))));
  ASSERT_EQ(block.site_count, 1u);
  const Site& site = sites_.At(block.first_site);
  EXPECT_EQ(site.instruction.mnemonic, Mnemonic::kCpuid);
  EXPECT_EQ(site.eip, kEip + 1);
  EXPECT_EQ(site.physical, PhysicalAddress{kPhysicalPage + kStart + 1});
}

TEST_F(Blocks, LeaveMovesInSoftwareToTheCallout) {
  policy_.software = {kPhysicalPage + kStart, kPhysicalPage + kStart + 2,
                      kPhysicalPage + kStart + 4};
  // mov [ebx], ecx ; xchg [ebx], al ; mov dword [ebx], 5
  const Block block = Translate({0x89, 0x0B, 0x86, 0x03, 0xC7, 0x03, 5, 0, 0, 0});
  const std::string callout = Address(stubs_.callout);
  EXPECT_THAT(Body(block), StartsWith(fmt::format("mov r9d, 0\ncall {}\nmov r9d, 1\ncall {}\n"
                                                  "mov r9d, 2\ncall {}\n",
                                                  callout, callout, callout)));
  ASSERT_EQ(block.site_count, 3u);
  for (uint32_t i = 0; i < 3; ++i) EXPECT_TRUE(sites_.At(block.first_site + i).move);
  EXPECT_FALSE(sites_.At(block.first_site).read);
  EXPECT_TRUE(sites_.At(block.first_site + 1).read);
  EXPECT_EQ(sites_.At(block.first_site + 1).bytes, 1);
}

TEST_F(Blocks, AccessInSoftwareWhereThePolicySaysSo) {
  policy_.software = {kPhysicalPage + kStart + 2};
  // mov eax, [ebx] ; movnti [ebx], ecx ; mov edx, [ebx]
  const Block block = Translate({0x8B, 0x03, 0x0F, 0xC3, 0x0B, 0x8B, 0x13});
  EXPECT_THAT(Body(block),
              StartsWith(fmt::format("mov eax, dword ptr gs:[ebx]\n"
                                     "mov r9d, 0\ncall {}\nmovnti dword ptr [r8], ecx\n"
                                     "mov r9d, 0\ncall {}\n"
                                     "mov edx, dword ptr gs:[ebx]\n",
                                     Address(stubs_.access_begin), Address(stubs_.access_end))));
  ASSERT_EQ(block.site_count, 1u);
  const Site& site = sites_.At(block.first_site);
  EXPECT_TRUE(site.write);
  EXPECT_FALSE(site.read);
  EXPECT_EQ(site.bytes, 4);
  EXPECT_EQ(site.shape, AccessShape::kMemoryOperand);
  EXPECT_EQ(translator_->statistics().software_sites, 1u);
}

TEST_F(Blocks, LookFirstWhereThePolicySaysSo) {
  policy_.all_probed = true;
  // mov eax, [ebx] ; movnti [ebx], ecx
  const Block block = Translate({0x8B, 0x03, 0x0F, 0xC3, 0x0B});
  const std::string look = fmt::format(
      "mov r9d, 0xc\nshrx r9d, r8d, r9d\nmov r10, qword ptr [r15 + {:#x}]\n"
      "movzx r9d, byte ptr [r10 + r9]\nmov r10, rcx\n",
      offsetof(ExecutionContext, page_rights));
  const std::string body = Body(block);
  EXPECT_THAT(body, StartsWith("lea r8d, [rbx]\n" + look + "mov ecx, r9d\njecxz "));
  EXPECT_THAT(body, HasSubstr("mov rcx, r10\nmov eax, dword ptr gs:[ebx]\njmp "));
  EXPECT_THAT(body, HasSubstr(fmt::format("mov rcx, r10\nmov r9d, 0\ncall {}\nlea r8d, [rbx]\n{}"
                                          "shrx ecx, r9d, r9d\njecxz ",
                                          Address(stubs_.callout), look)));
  EXPECT_THAT(body, HasSubstr("mov rcx, r10\nmovnti dword ptr gs:[ebx], ecx\njmp "));
  EXPECT_THAT(body, HasSubstr(fmt::format("call {}\nmovnti dword ptr [r8], ecx\n",
                                          Address(stubs_.access_begin))));
  EXPECT_EQ(block.site_count, 2u);
}

TEST_F(Blocks, StayDirectWhereTheyCannotLookFirst) {
  policy_.all_probed = true;
  // push eax ; pop ecx ; stosb ; bts [ebx], ecx
  const Block block = Translate({0x50, 0x59, 0xAA, 0x0F, 0xAB, 0x0B});
  EXPECT_EQ(block.site_count, 0u);
  EXPECT_THAT(Body(block), HasSubstr("bts dword ptr gs:[ebx], ecx"));
}

TEST_F(Blocks, CountExecutionsOnRequest) {
  ExecutionCounts counts;
  Write({0x40});
  TranslationRequest request = RequestAt(kStart);
  request.executions = &counts;
  const Block block = Translate(request);
  EXPECT_EQ(block.executions, &counts);
  EXPECT_THAT(Body(block),
              StartsWith(fmt::format("movabs r9, {:#x}\nmov r10, qword ptr [r9]\n"
                                     "lea r10, [r10 + 1]\nmov qword ptr [r9], r10\ninc eax\n",
                                     reinterpret_cast<uint64_t>(&counts.body))));
}

TEST_F(Blocks, CountArrivalsThroughTheTableInFrontOfTheBody) {
  ExecutionCounts counts;
  Write({0x40});
  TranslationRequest request = RequestAt(kStart);
  const uint32_t entry_bytes = Translate(request).body_offset;
  Reset();
  request.executions = &counts;
  EXPECT_GT(Translate(request).body_offset, entry_bytes);
}

TEST_F(Blocks, EndAtBranchesOnRequest) {
  Write({0x40, 0x74, 0x10, 0x41, 0xC3});  // inc eax ; jz ; inc ecx ; ret
  TranslationRequest request = RequestAt(kStart);
  EXPECT_EQ(Translate(request).instruction_count, 4u);
  Reset();
  request.end_at_branches = true;
  const Block block = Translate(request);
  EXPECT_EQ(block.instruction_count, 2u);
  EXPECT_EQ(block.links.size(), 2u) << "to the branch's target and to what follows it";
}

TEST_F(Blocks, AreRefusedWhenCodeMemoryIsNearlyFull) {
  Write({0x40, 0x0F, 0xA2, 0x74, 0x10, 0x8B, 0x03});
  const uint32_t needed = Translate(RequestAt(kStart)).host_bytes;
  for (const uint32_t room : {16u, 32u, (needed - 1) & ~15u}) {
    Reset();
    memory_->Commit(memory_->free_bytes() - room);
    const uint64_t used = memory_->used_bytes();
    EXPECT_EQ(FailureOf(RequestAt(kStart)), TranslationFailure::kCacheFull) << room;
    EXPECT_EQ(memory_->used_bytes(), used);
  }
  Reset();
  EXPECT_EQ(Translate(RequestAt(kStart)).host_bytes, needed);
}

TEST_F(Blocks, AreTheSameForTheSameInput) {
  Write({0x8B, 0x03, 0x74, 0x10, 0x0F, 0xA2, 0x0F, 0x84, 0,    0x10, 0,
         0,    0xE8, 0,    0,    0,    0,    0xFF, 0xD0, 0xF3, 0xA5});
  const Block first = Translate(RequestAt(kStart));
  const std::vector<uint8_t> bytes(HostBytes(first).begin(), HostBytes(first).end());
  Reset();
  std::ranges::fill(memory_->free_writable().first(bytes.size()), uint8_t{0});
  const Block second = Translate(RequestAt(kStart));
  EXPECT_EQ(second.host_start, first.host_start);
  EXPECT_THAT(HostBytes(second), ElementsAreArray(bytes));
}

TEST_F(Blocks, EndWithTheStubForTheirDeath) {
  const Block block = Translate({0xEB, 0xFE});
  EXPECT_GE(block.stubs_offset, block.body_offset + 5);
  EXPECT_GT(block.dead_offset, block.stubs_offset);
  EXPECT_THAT(TextOf(HostCode(block)),
              EndsWith(fmt::format("mov r8d, {:#x}\njmp {}\n", kEip, Address(stubs_.dead))));
}

}  // namespace
}  // namespace verbatim
