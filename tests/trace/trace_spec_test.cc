// SPDX-License-Identifier: Apache-2.0
// The words of --trace.
#include "trace/trace_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace verbatim {
namespace {

using testing::HasSubstr;

TraceSpec Parsed(std::string_view text) {
  const auto spec = ParseTraceSpec(text);
  EXPECT_TRUE(spec) << text << ": " << spec.error().message;
  return spec.value_or(TraceSpec{});
}

std::string Complaint(std::string_view text) {
  const auto spec = ParseTraceSpec(text);
  EXPECT_FALSE(spec) << text;
  return spec ? std::string() : spec.error().message;
}

TEST(TraceSpec, TakesCategoriesAndAFile) {
  const TraceSpec one = Parsed("irq");
  EXPECT_EQ(one.categories, BitOf(TraceCategory::kIrq));
  EXPECT_EQ(one.path, "");
  const TraceSpec two = Parsed("irq,io=a,b=c");
  EXPECT_EQ(two.categories, BitOf(TraceCategory::kIrq) | BitOf(TraceCategory::kIo));
  EXPECT_EQ(two.path, "a,b=c");
  EXPECT_EQ(Parsed("all").categories, (1u << kTraceCategories) - 1);
}

TEST(TraceSpec, TakesFiltersInAnyPlace) {
  const TraceSpec spec = Parsed("addr=c0100000-c01fffff,blocks,cpl=3,cr3=1000,count=7=f");
  EXPECT_EQ(spec.categories, BitOf(TraceCategory::kBlocks));
  EXPECT_EQ(spec.path, "f");
  EXPECT_EQ(spec.low->text, "c0100000");
  EXPECT_EQ(spec.high->text, "c01fffff");
  EXPECT_EQ(spec.cpl, 3);
  EXPECT_EQ(spec.cr3, 0x1000u);
  EXPECT_EQ(spec.count, 7u);
}

TEST(TraceSpec, ChoosesTheFormat) {
  EXPECT_EQ(Parsed("exec=f").format, TraceFormat::kBinary);
  EXPECT_EQ(Parsed("exec").format, TraceFormat::kText);
  EXPECT_EQ(Parsed("exec,format=json=f").format, TraceFormat::kJson);
  EXPECT_EQ(Parsed("io=f").format, TraceFormat::kText);
  EXPECT_THAT(Complaint("io,format=binary"), HasSubstr("needs a file"));
}

TEST(TraceSpec, NamesWhatIsWrong) {
  EXPECT_THAT(Complaint("bio"), HasSubstr("'bio'"));
  EXPECT_THAT(Complaint(""), HasSubstr("expected categories"));
  EXPECT_THAT(Complaint("io,"), HasSubstr("''"));
  EXPECT_THAT(Complaint("io="), HasSubstr("file"));
  EXPECT_THAT(Complaint("cpl=3"), HasSubstr("no category"));
  EXPECT_THAT(Complaint("io,cpl=4"), HasSubstr("0 to 3"));
  EXPECT_THAT(Complaint("io,cpl"), HasSubstr("cpl="));
  EXPECT_THAT(Complaint("io,cr3=x"), HasSubstr("cr3='x'"));
  EXPECT_THAT(Complaint("io,count=0"), HasSubstr("count='0'"));
  EXPECT_THAT(Complaint("io,format=xml"), HasSubstr("json"));
}

SymbolTable Symbols() {
  constexpr std::string_view kText = "00001000 T start\n00001010 t add\n00002000 T end\n";
  auto table =
      SymbolTable::Parse({reinterpret_cast<const uint8_t*>(kText.data()), kText.size()}, "map");
  EXPECT_TRUE(table);
  return table.value_or(SymbolTable());
}

TEST(TraceSpec, ResolvesSymbolsBeforeNumbers) {
  EXPECT_EQ(ResolveAddress("add", Symbols()), 0x1010u);
  EXPECT_EQ(ResolveAddress("0xadd", Symbols()), 0xADDu);
  EXPECT_EQ(ResolveAddress("add", SymbolTable()), 0xADDu);
  EXPECT_EQ(ResolveAddress("start+8", Symbols()), 0x1008u);
  EXPECT_FALSE(ResolveAddress("middle", Symbols()));
  EXPECT_FALSE(ResolveAddress("100000000", Symbols()));
}

TEST(TraceSpec, ASymbolAloneIsAllOfItsCode) {
  const auto filter = ResolveFilter(Parsed("io,addr=add"), Symbols());
  ASSERT_TRUE(filter);
  EXPECT_EQ(filter->low, 0x1010u);
  EXPECT_EQ(filter->high, 0x1FFFu);
  const auto single = ResolveFilter(Parsed("io,addr=add+2"), Symbols());
  ASSERT_TRUE(single);
  EXPECT_EQ(single->low, 0x1012u);
  EXPECT_EQ(single->high, 0x1012u);
  EXPECT_FALSE(ResolveFilter(Parsed("io,addr=end-start"), Symbols()));
}

}  // namespace
}  // namespace verbatim
