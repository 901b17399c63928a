// SPDX-License-Identifier: Apache-2.0
// The disks or discs that one drive can be given: the one inside and those that wait beside it. All
// were opened at the start, since a confined process can open none.
//
// Threads: Next and path lists belong to any thread once the machine runs; the rest to that of the
// virtual CPU.
#ifndef VERBATIM_MACHINE_MEDIA_CHANGER_H_
#define VERBATIM_MACHINE_MEDIA_CHANGER_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace verbatim {

class MediaChanger {
 public:
  // The first is in the drive. `insert` puts this one there instead of what is.
  void Add(std::string path, std::function<void()> insert) {
    media_.push_back({std::move(path), std::move(insert)});
  }
  // Asks for the next one, after the last for the first; which one that is, or nullopt if there is
  // no other.
  std::optional<std::string> Next() {
    if (media_.size() < 2) return std::nullopt;
    const size_t wanted = (wanted_.load() + 1) % media_.size();
    wanted_ = wanted;
    return media_[wanted].path;
  }
  // Does what was asked for.
  void Service() {
    const size_t wanted = wanted_.load(std::memory_order_relaxed);
    if (wanted == inserted_) return;
    inserted_ = wanted;
    media_[wanted].insert();
  }

 private:
  struct Medium {
    std::string path;
    std::function<void()> insert;
  };
  std::vector<Medium> media_;
  std::atomic<size_t> wanted_ = 0;  // written by one thread
  size_t inserted_ = 0;
};

}  // namespace verbatim

#endif  // VERBATIM_MACHINE_MEDIA_CHANGER_H_
