// SPDX-License-Identifier: Apache-2.0
// A pipe whose far end the test reads when it likes.
#ifndef VERBATIM_TESTS_CLI_PIPE_READER_H_
#define VERBATIM_TESTS_CLI_PIPE_READER_H_

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>

#include "base/check.h"
#include "base/file.h"

namespace verbatim {

class PipeReader {
 public:
  PipeReader() {
    std::array<int, 2> ends{};
    CHECK(::pipe2(ends.data(), O_CLOEXEC) == 0);
    read_end_ = FileDescriptor(ends[0]);
    write_end_ = FileDescriptor(ends[1]);
  }
  [[nodiscard]] int write_end() const { return write_end_.get(); }
  [[nodiscard]] int read_end() const { return read_end_.get(); }
  void CloseReadEnd() { read_end_.Close(); }
  void CloseWriteEnd() { write_end_.Close(); }

  // The next `bytes`, or fewer at the end of the stream. Waits for them.
  std::string Read(size_t bytes) {
    std::string text(bytes, '\0');
    size_t done = 0;
    while (done < bytes) {
      const ssize_t n = ::read(read_end_.get(), text.data() + done, bytes - done);
      if (n <= 0) break;
      done += static_cast<size_t>(n);
    }
    text.resize(done);
    return text;
  }

 private:
  FileDescriptor read_end_;
  FileDescriptor write_end_;
};

}  // namespace verbatim

#endif  // VERBATIM_TESTS_CLI_PIPE_READER_H_
