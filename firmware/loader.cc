// SPDX-License-Identifier: Apache-2.0
#include "firmware/loader.h"

#include "firmware/bzimage.h"
#include "firmware/bzimage_header.h"
#include "firmware/multiboot.h"
#include "firmware/multiboot_image.h"

namespace verbatim {

Result<ImageKind> RecogniseImage(const InputFile& file) {
  if (LooksLikeBzImage(file)) return ImageKind::kBzImage;
  if (FindMultibootHeader(file)) return ImageKind::kMultiboot;
  return Fail(
      "{}: not a kernel image: neither a Linux setup header ('HdrS' at offset 202h) nor a "
      "multiboot "
      "header (1BADB002h with a valid checksum in the first 8192 bytes) found in its {} bytes",
      file.name, file.bytes.size());
}

Result<BootState> LoadGuest(std::span<uint8_t> ram, const BootFiles& files,
                            const BootEnvironment& environment) {
  const auto kind = RecogniseImage(files.kernel);
  if (!kind) return std::unexpected(kind.error());
  return *kind == ImageKind::kBzImage ? LoadBzImage(ram, files, environment)
                                      : LoadMultiboot(ram, files, environment);
}

}  // namespace verbatim
