/* SPDX-License-Identifier: Apache-2.0 */
/* A machine inside a C program: runs a guest, shows what it prints, and tells where it stood when
 * it ended and how many blocks were translated. */
#include <stdio.h>
#include <string.h>

#include "verbatim.h"

static void OnSerial(void *user, const uint8_t *bytes, size_t count) {
  fwrite(bytes, 1, count, user);
}

static int Fail(const char *what, verbatim_status status) {
  fprintf(stderr, "embed_c: %s: %s: %s\n", what, verbatim_status_text(status),
          verbatim_last_error());
  return 3;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "Usage: embed_c KERNEL\n");
    return 2;
  }
  verbatim_config config;
  verbatim_config_init(&config, sizeof config);
  config.kernel_path = argv[1];
  config.memory_bytes = 16 << 20;
  config.on_serial = OnSerial;
  config.user = stdout;

  verbatim_machine *machine;
  verbatim_status status = verbatim_create(&config, &machine);
  if (status != VERBATIM_OK) return Fail("create", status);
  verbatim_outcome outcome = {.struct_size = sizeof outcome};
  status = verbatim_run(machine, &outcome);
  if (status != VERBATIM_OK) return Fail("run", status);

  verbatim_registers registers = {.struct_size = sizeof registers};
  verbatim_read_registers(machine, &registers);
  verbatim_statistic figures[100];
  size_t count = 0;
  verbatim_statistics(machine, figures, sizeof *figures, 100, &count);
  for (size_t i = 0; i < count && i < 100; ++i) {
    if (strcmp(figures[i].name, "blocks_translated") == 0) {
      printf("end %u at eip %08x, %.0f %s\n", outcome.end, registers.eip, figures[i].value,
             figures[i].description);
    }
  }
  verbatim_destroy(machine);
  return outcome.end == VERBATIM_DEBUG_EXIT ? (int)outcome.debug_value : 1;
}
