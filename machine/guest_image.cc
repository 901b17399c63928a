// SPDX-License-Identifier: Apache-2.0
#include "machine/guest_image.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "firmware/image_kind.h"

namespace verbatim {
namespace {

struct ImageHead {
  std::vector<uint8_t> bytes;
  uint64_t size_bytes = 0;
};

Result<ImageHead> ReadHead(const std::string& path) {
  const auto failed = [&] { return Fail("{}: cannot be read: {}", path, std::strerror(errno)); };
  // Not blocking: to open a FIFO would wait for its writer.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!file.valid() || ::fstat(file.get(), &info) != 0) return failed();
  if (S_ISDIR(info.st_mode)) return Fail("{}: is a directory: expected an image", path);
  if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode)) {
    return Fail("{}: is neither a regular file nor a block device", path);
  }
  const off_t end = ::lseek(file.get(), 0, SEEK_END);
  if (end < 0) return failed();
  ImageHead head{std::vector<uint8_t>(kImageHeadBytes), static_cast<uint64_t>(end)};
  size_t done = 0;
  while (done < head.bytes.size()) {
    const ssize_t n =
        ::pread(file.get(), &head.bytes[done], head.bytes.size() - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed();
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  head.bytes.resize(done);
  return head;
}

// The letter of a boot order comes first, the others behind it as they were.
void BootFirst(char letter, MachineConfig& config) {
  if (config.boot_order) return;
  std::string order(1, letter);
  for (const char other : kDefaultBootOrder) {
    if (other != letter) order += other;
  }
  config.boot_order = order;
}

}  // namespace

Status AddGuestImage(const DiskConfig& image, MachineConfig& config) {
  const Result<ImageHead> head = ReadHead(image.path);
  if (!head) return std::unexpected(head.error());
  const Result<ImageKind> kind = RecogniseImage(head->bytes, head->size_bytes);
  if (!kind) return Fail("{}: {}", image.path, kind.error().message);
  if (!image.next.empty() && *kind != ImageKind::kDisc && *kind != ImageKind::kFloppy) {
    return Fail("{}: next= is for floppy disks and CDs, which this is not", image.path);
  }
  DiskConfig disk = image;
  switch (*kind) {
    case ImageKind::kKernel:
      if (config.firmware) return Fail("{}: is a kernel, which no firmware starts", image.path);
      if (!config.kernel_path.empty()) return Fail("{}: is a second kernel", image.path);
      config.kernel_path = image.path;
      break;
    case ImageKind::kDisc:
      disk.cdrom = true;
      config.disks.insert(config.disks.begin(), disk);
      BootFirst('d', config);
      break;
    case ImageKind::kFloppy:
      config.floppies.insert(config.floppies.begin(), {.path = image.path,
                                                       .read_only = image.read_only,
                                                       .snapshot = image.snapshot,
                                                       .unit = 0,
                                                       .next = image.next});
      BootFirst('a', config);
      break;
    case ImageKind::kDisk:
      config.disks.insert(config.disks.begin(), disk);
      BootFirst('c', config);
      break;
  }
  return {};
}

}  // namespace verbatim
