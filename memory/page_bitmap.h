// SPDX-License-Identifier: Apache-2.0
// A set of the pages of one shadow slot.
#ifndef VERBATIM_MEMORY_PAGE_BITMAP_H_
#define VERBATIM_MEMORY_PAGE_BITMAP_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace verbatim {

class PageBitmap {
 public:
  static constexpr uint32_t kPages = 1024;
  static constexpr uint32_t kWords = kPages / 64;

  [[nodiscard]] bool Test(uint32_t page) const {
    return ((words_[page / 64] >> (page % 64)) & 1) != 0;
  }
  // Ranges include both ends.
  void SetRange(uint32_t first, uint32_t last) {
    for (uint32_t i = first / 64; i <= last / 64; ++i) words_[i] |= Mask(i, first, last);
  }
  void ClearRange(uint32_t first, uint32_t last) {
    for (uint32_t i = first / 64; i <= last / 64; ++i) words_[i] &= ~Mask(i, first, last);
  }
  void Set(uint32_t page) { words_[page / 64] |= uint64_t{1} << (page % 64); }
  void Clear(uint32_t page) { words_[page / 64] &= ~(uint64_t{1} << (page % 64)); }
  void ClearAll() { words_.fill(0); }

  [[nodiscard]] bool None() const {
    return std::ranges::all_of(words_, [](uint64_t word) { return word == 0; });
  }
  [[nodiscard]] uint32_t Count() const {
    uint32_t count = 0;
    for (const uint64_t word : words_) count += static_cast<uint32_t>(std::popcount(word));
    return count;
  }

  [[nodiscard]] uint64_t word(uint32_t index) const { return words_[index]; }
  void set_word(uint32_t index, uint64_t word) { words_[index] = word; }

  friend bool operator==(const PageBitmap&, const PageBitmap&) = default;
  friend PageBitmap operator&(PageBitmap a, const PageBitmap& b) {
    for (uint32_t i = 0; i < kWords; ++i) a.words_[i] &= b.words_[i];
    return a;
  }
  friend PageBitmap operator|(PageBitmap a, const PageBitmap& b) {
    for (uint32_t i = 0; i < kWords; ++i) a.words_[i] |= b.words_[i];
    return a;
  }

  // In ascending order, pages from `first` to `last`; `visit(page)` may change the set.
  template <typename Visit>
  void ForEachIn(uint32_t first, uint32_t last, Visit visit) const {
    for (uint32_t i = first / 64; i <= last / 64; ++i) {
      for (uint64_t word = words_[i] & Mask(i, first, last); word != 0; word &= word - 1) {
        visit(i * 64 + static_cast<uint32_t>(std::countr_zero(word)));
      }
    }
  }
  template <typename Visit>
  void ForEach(Visit visit) const {
    ForEachIn(0, kPages - 1, visit);
  }

 private:
  // The bits of word `index` that lie in [first, last].
  static constexpr uint64_t Mask(uint32_t index, uint32_t first, uint32_t last) {
    uint64_t mask = ~uint64_t{0};
    if (index == first / 64) mask &= ~uint64_t{0} << (first % 64);
    if (index == last / 64) mask &= ~uint64_t{0} >> (63 - last % 64);
    return mask;
  }

  std::array<uint64_t, kWords> words_{};
};

}  // namespace verbatim

#endif  // VERBATIM_MEMORY_PAGE_BITMAP_H_
