/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verbatim.h as a C program uses it. Each function is a test; a failed EXPECT names its line and
 * the program ends with 1.
 *
 * Usage: capi_test TALKER KEEPER
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verbatim.h"

static int failures;
static const char *talker;
static const char *keeper;

#define EXPECT(condition)                                                         \
  do {                                                                            \
    if (!(condition)) {                                                           \
      ++failures;                                                                 \
      fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #condition, \
              verbatim_last_error());                                             \
    }                                                                             \
  } while (0)

/* What a guest has printed, and whoever waits for it. */
typedef struct Serial {
  pthread_mutex_t mutex;
  pthread_cond_t grown;
  char text[4096];
  size_t count;
  verbatim_machine *machine;
  int stop_at_line; /* 1: the first line stops the machine */
  int x87_clean;    /* the callback found an empty unit in its usual mode, each time */
  verbatim_status run_within;
  verbatim_status destroy_within;
} Serial;

static void OnSerial(void *user, const uint8_t *bytes, size_t count) {
  Serial *serial = user;
  uint16_t control = 0;
  __asm__ volatile("fnstcw %0" : "=m"(control));
  /* Eight loads overflow the stack, and give a NaN, unless it is empty. */
  volatile long double eight[8];
  for (int i = 0; i < 8; ++i) eight[i] = (long double)i + 0.5L;
  long double sum = ((eight[0] + eight[1]) + (eight[2] + eight[3])) +
                    ((eight[4] + eight[5]) + (eight[6] + eight[7]));
  serial->x87_clean = serial->x87_clean && control == 0x37F && sum == 32.0L;

  pthread_mutex_lock(&serial->mutex);
  for (size_t i = 0; i < count && serial->count + 1 < sizeof serial->text; ++i) {
    serial->text[serial->count++] = (char)bytes[i];
    if (bytes[i] == '\n' && serial->stop_at_line) {
      serial->stop_at_line = 0;
      serial->run_within = verbatim_run(serial->machine, NULL);
      serial->destroy_within = verbatim_destroy(serial->machine);
      verbatim_stop(serial->machine);
    }
  }
  pthread_cond_broadcast(&serial->grown);
  pthread_mutex_unlock(&serial->mutex);
}

static void WaitFor(Serial *serial, const char *text) {
  pthread_mutex_lock(&serial->mutex);
  while (strstr(serial->text, text) == NULL) pthread_cond_wait(&serial->grown, &serial->mutex);
  pthread_mutex_unlock(&serial->mutex);
}

static Serial NewSerial(void) {
  Serial serial = {
      .mutex = PTHREAD_MUTEX_INITIALIZER, .grown = PTHREAD_COND_INITIALIZER, .x87_clean = 1};
  return serial;
}

static verbatim_config ConfigFor(const char *kernel, Serial *serial) {
  verbatim_config config;
  EXPECT(verbatim_config_init(&config, sizeof config) == VERBATIM_OK);
  config.kernel_path = kernel;
  config.memory_bytes = 16 << 20;
  config.code_cache_bytes = 4 << 20;
  config.flags = VERBATIM_NO_REBOOT;
  config.on_serial = OnSerial;
  config.user = serial;
  return config;
}

static verbatim_machine *Create(const char *kernel, Serial *serial) {
  verbatim_config config = ConfigFor(kernel, serial);
  verbatim_machine *machine = NULL;
  EXPECT(verbatim_create(&config, &machine) == VERBATIM_OK);
  if (machine == NULL) exit(1);
  serial->machine = machine;
  return machine;
}

static verbatim_outcome Run(verbatim_machine *machine) {
  verbatim_outcome outcome = {.struct_size = sizeof outcome};
  EXPECT(verbatim_run(machine, &outcome) == VERBATIM_OK);
  return outcome;
}

static void *RunInThread(void *machine) {
  verbatim_outcome *outcome = malloc(sizeof *outcome);
  *outcome = Run(machine);
  return outcome;
}

static verbatim_outcome Join(pthread_t runner) {
  void *result = NULL;
  pthread_join(runner, &result);
  verbatim_outcome outcome = *(verbatim_outcome *)result;
  free(result);
  return outcome;
}

/* The talker clears its receiver before it says that it is ready. */
static verbatim_outcome RunAndSend(verbatim_machine *machine, Serial *serial, const char *input) {
  pthread_t runner;
  pthread_create(&runner, NULL, RunInThread, machine);
  WaitFor(serial, "ready\n");
  EXPECT(verbatim_send_serial(machine, input, strlen(input)) == strlen(input));
  return Join(runner);
}

static void EndsAreTold(void) {
  static const struct {
    const char *input;
    uint32_t end, value;
  } kEnds[] = {{"q", VERBATIM_DEBUG_EXIT, 0},
               {"v", VERBATIM_DEBUG_EXIT, 5},
               {"r", VERBATIM_RESET, 0},
               {"d", VERBATIM_DIED, 0}};
  for (size_t i = 0; i < sizeof kEnds / sizeof *kEnds; ++i) {
    Serial serial = NewSerial();
    verbatim_machine *machine = Create(talker, &serial);
    verbatim_outcome outcome = RunAndSend(machine, &serial, kEnds[i].input);
    EXPECT(outcome.end == kEnds[i].end);
    EXPECT(outcome.debug_value == kEnds[i].value);
    EXPECT(strncmp(serial.text, "ready\n", 6) == 0);
    const char *report = verbatim_crash_report(machine);
    EXPECT((strstr(report, "eip") != NULL) == (outcome.end == VERBATIM_DIED));
    /* Ended is ended. */
    EXPECT(Run(machine).end == kEnds[i].end);
    EXPECT(verbatim_destroy(machine) == VERBATIM_OK);
  }
}

static void StoppedByAnotherThreadItIsLookedAtAndGoesOn(void) {
  Serial serial = NewSerial();
  verbatim_machine *machine = Create(talker, &serial);
  pthread_t runner;
  pthread_create(&runner, NULL, RunInThread, machine);
  WaitFor(&serial, "ready\n");

  verbatim_registers registers = {.struct_size = sizeof registers};
  uint8_t header[8];
  size_t done = 1;
  size_t count = 1;
  EXPECT(verbatim_run(machine, NULL) == VERBATIM_BUSY);
  EXPECT(verbatim_read_registers(machine, &registers) == VERBATIM_BUSY);
  EXPECT(verbatim_read_physical(machine, 0, header, 1, &done) == VERBATIM_BUSY && done == 0);
  EXPECT(verbatim_read_linear(machine, 0, header, 1, &done) == VERBATIM_BUSY);
  EXPECT(verbatim_statistics(machine, NULL, sizeof(verbatim_statistic), 0, &count) ==
         VERBATIM_BUSY);

  verbatim_stop(machine);
  EXPECT(Join(runner).end == VERBATIM_STOPPED);

  /* It waits for input in a loop, in flat segments of ring 0, without paging. */
  EXPECT(verbatim_read_registers(machine, &registers) == VERBATIM_OK);
  EXPECT(registers.eip > 0x100000 && registers.eip < 0x110000);
  EXPECT(registers.esp > 0x100000 && registers.esp < 0x110000);
  EXPECT(registers.cpl == 0 && (registers.cr0 & 0x80000001u) == 1);
  EXPECT(registers.cs.base == 0 && registers.cs.limit == 0xFFFFFFFFu);
  static const uint8_t kMultiboot[] = {0x02, 0xB0, 0xAD, 0x1B};
  uint8_t image[0x2000];
  EXPECT(verbatim_read_physical(machine, 0x100000, image, sizeof image, &done) == VERBATIM_OK);
  EXPECT(done == sizeof image);
  EXPECT(memmem(image, sizeof image, kMultiboot, sizeof kMultiboot) != NULL);
  uint8_t linear[0x2000];
  EXPECT(verbatim_read_linear(machine, 0x100000, linear, sizeof linear, &done) == VERBATIM_OK);
  EXPECT(done == sizeof linear && memcmp(image, linear, sizeof image) == 0);
  /* RAM ends at 16 MiB. */
  EXPECT(verbatim_read_physical(machine, (16 << 20) - 4, image, 16, &done) == VERBATIM_OK);
  EXPECT(done == 4);
  EXPECT(verbatim_read_physical(machine, UINT64_MAX, image, 16, &done) == VERBATIM_OK);
  EXPECT(done == 0);

  /* It goes on where it was: input sent meanwhile comes back. */
  EXPECT(verbatim_send_serial(machine, "echo q", 6) == 6);
  verbatim_outcome outcome = Run(machine);
  EXPECT(outcome.end == VERBATIM_DEBUG_EXIT && outcome.debug_value == 0);
  EXPECT(strcmp(serial.text, "ready\necho ") == 0);
  EXPECT(verbatim_destroy(machine) == VERBATIM_OK);
}

static void AStopBeforeTheRunEndsItAndDestroyingDoesToo(void) {
  Serial serial = NewSerial();
  verbatim_machine *machine = Create(talker, &serial);
  verbatim_stop(machine);
  EXPECT(Run(machine).end == VERBATIM_STOPPED);
  pthread_t runner;
  pthread_create(&runner, NULL, RunInThread, machine);
  WaitFor(&serial, "ready\n");
  EXPECT(verbatim_destroy(machine) == VERBATIM_OK);
  EXPECT(Join(runner).end == VERBATIM_STOPPED);
}

/* While it stands still no time passes for the guest, and its x87 unit is its own. */
static void TheCallbackStopsWithoutDisturbingTheGuest(void) {
  Serial serial = NewSerial();
  verbatim_machine *machine = Create(keeper, &serial);
  serial.stop_at_line = 1;
  EXPECT(Run(machine).end == VERBATIM_STOPPED);
  EXPECT(serial.run_within == VERBATIM_BUSY && serial.destroy_within == VERBATIM_BUSY);
  volatile long double mine = 1.0L / 3;
  usleep(600000); /* more cycles than the guest would take for a jump */
  verbatim_outcome outcome = Run(machine);
  EXPECT(mine == 1.0L / 3);
  EXPECT(outcome.end == VERBATIM_DEBUG_EXIT && outcome.debug_value == 0);
  EXPECT(serial.x87_clean);
  EXPECT(verbatim_destroy(machine) == VERBATIM_OK);
}

static void TwoMachinesRunAtOnce(void) {
  Serial serial[2] = {NewSerial(), NewSerial()};
  verbatim_machine *machine[2];
  pthread_t runner[2];
  for (int i = 0; i < 2; ++i) machine[i] = Create(talker, &serial[i]);
  for (int i = 0; i < 2; ++i) pthread_create(&runner[i], NULL, RunInThread, machine[i]);
  for (int i = 0; i < 2; ++i) WaitFor(&serial[i], "ready\n");
  EXPECT(verbatim_send_serial(machine[1], "v", 1) == 1);
  EXPECT(verbatim_send_serial(machine[0], "q", 1) == 1);
  for (int i = 0; i < 2; ++i) {
    EXPECT(Join(runner[i]).debug_value == (i == 0 ? 0 : 5));
    EXPECT(verbatim_destroy(machine[i]) == VERBATIM_OK);
  }
}

static sigjmp_buf after_fault;

static void OnFault(int signal) { siglongjmp(after_fault, signal); }

/* Called before any machine has run. */
static void TakeFaults(void) {
  struct sigaction action = {.sa_handler = OnFault};
  sigaction(SIGSEGV, &action, NULL);
}

static void FaultsOfTheProgramGoToItsOwnHandler(void) {
  for (int i = 0; i < 2; ++i) {
    /* Machines have run, and run in between. */
    volatile int caught = sigsetjmp(after_fault, 1);
    volatile uintptr_t nowhere = 4096;
    if (caught == 0) *(volatile int *)nowhere = 1;
    EXPECT(caught == SIGSEGV);
    Serial serial = NewSerial();
    verbatim_machine *machine = Create(talker, &serial);
    EXPECT(RunAndSend(machine, &serial, "v").debug_value == 5);
    EXPECT(verbatim_destroy(machine) == VERBATIM_OK);
  }
}

static void FiguresHaveNames(void) {
  Serial serial = NewSerial();
  verbatim_machine *machine = Create(talker, &serial);
  RunAndSend(machine, &serial, "q");
  size_t count = 0;
  EXPECT(verbatim_statistics(machine, NULL, sizeof(verbatim_statistic), 0, &count) == VERBATIM_OK);
  EXPECT(count > 20);
  /* Elements of a newer header: what is not known is zero. */
  struct {
    verbatim_statistic known;
    uint64_t newer;
  } figures[100];
  memset(figures, 0xFF, sizeof figures);
  EXPECT(verbatim_statistics(machine, &figures->known, sizeof *figures, 100, &count) ==
         VERBATIM_OK);
  double translated = 0;
  for (size_t i = 0; i < count && i < 100; ++i) {
    EXPECT(figures[i].newer == 0 && strlen(figures[i].known.description) > 0);
    if (strcmp(figures[i].known.name, "blocks_translated") == 0) {
      EXPECT(strcmp(figures[i].known.group, "cache") == 0);
      translated = figures[i].known.value;
    }
  }
  EXPECT(translated > 3);
  EXPECT(verbatim_destroy(machine) == VERBATIM_OK);
}

static void MistakesAreTold(void) {
  Serial serial = NewSerial();
  verbatim_machine *machine = (verbatim_machine *)&serial;
  verbatim_config config = ConfigFor("/nonexistent/kernel", &serial);
  EXPECT(verbatim_create(&config, &machine) == VERBATIM_BAD_INPUT && machine == NULL);
  EXPECT(strstr(verbatim_last_error(), "/nonexistent/kernel") != NULL);
  config = ConfigFor(talker, &serial);
  config.memory_bytes = 4097;
  EXPECT(verbatim_create(&config, &machine) == VERBATIM_BAD_INPUT);
  EXPECT(strstr(verbatim_last_error(), "4097") != NULL);
  config = ConfigFor(talker, &serial);
  config.code_cache_bytes = 0;
  EXPECT(verbatim_create(&config, &machine) == VERBATIM_BAD_INPUT);
  config = ConfigFor(talker, &serial);
  config.cpu_model = "z80";
  EXPECT(verbatim_create(&config, &machine) == VERBATIM_BAD_INPUT);
  config = ConfigFor(NULL, &serial);
  EXPECT(verbatim_create(&config, &machine) == VERBATIM_BAD_INPUT);
  config.initrd_path = talker;
  config.image_path = talker;
  EXPECT(verbatim_create(&config, &machine) == VERBATIM_BAD_INPUT);
  config = ConfigFor(talker, &serial);
  config.flags = 1u << 31;
  EXPECT(verbatim_create(&config, &machine) == VERBATIM_INVALID_ARGUMENT);
  EXPECT(verbatim_create(NULL, &machine) == VERBATIM_INVALID_ARGUMENT);
  EXPECT(verbatim_create(&config, NULL) == VERBATIM_INVALID_ARGUMENT);
  EXPECT(verbatim_run(NULL, NULL) == VERBATIM_INVALID_ARGUMENT);
  EXPECT(verbatim_destroy(NULL) == VERBATIM_OK);
  verbatim_stop(NULL);
  EXPECT(verbatim_send_serial(NULL, "x", 1) == 0);
  for (verbatim_status status = -1; status < 9; ++status) {
    EXPECT(strlen(verbatim_status_text(status)) > 0);
  }
}

static void StructuresOfOtherVersionsAreUnderstood(void) {
  Serial serial = NewSerial();
  struct {
    verbatim_config known;
    uint64_t newer;
  } config;
  verbatim_machine *machine = NULL;
  EXPECT(verbatim_config_init(&config.known, sizeof config) == VERBATIM_OK && config.newer == 0);
  config.known.kernel_path = talker;
  config.known.on_serial = OnSerial;
  config.known.user = &serial;
  config.newer = 1; /* asks for what this library does not know */
  EXPECT(verbatim_create(&config.known, &machine) == VERBATIM_INVALID_ARGUMENT);
  config.newer = 0;
  EXPECT(verbatim_create(&config.known, &machine) == VERBATIM_OK);
  EXPECT(verbatim_config_init(&config.known, 8) == VERBATIM_INVALID_ARGUMENT);

  struct {
    verbatim_registers known;
    uint64_t newer;
  } registers;
  memset(&registers, 0xFF, sizeof registers);
  registers.known.struct_size = sizeof registers;
  EXPECT(verbatim_read_registers(machine, &registers.known) == VERBATIM_OK);
  EXPECT(registers.newer == 0 && registers.known.struct_size == sizeof registers);
  EXPECT(registers.known.eip >= 0x100000); /* in front of the first instruction */
  registers.known.struct_size = 4;
  EXPECT(verbatim_read_registers(machine, &registers.known) == VERBATIM_INVALID_ARGUMENT);
  verbatim_outcome outcome = {.struct_size = 4};
  EXPECT(verbatim_run(machine, &outcome) == VERBATIM_INVALID_ARGUMENT);
  EXPECT(verbatim_destroy(machine) == VERBATIM_OK);
  EXPECT(verbatim_abi_version() == VERBATIM_ABI_VERSION);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  talker = argv[1];
  keeper = argv[2];
  TakeFaults();
  MistakesAreTold();
  EndsAreTold();
  StoppedByAnotherThreadItIsLookedAtAndGoesOn();
  AStopBeforeTheRunEndsItAndDestroyingDoesToo();
  TheCallbackStopsWithoutDisturbingTheGuest();
  TwoMachinesRunAtOnce();
  FaultsOfTheProgramGoToItsOwnHandler();
  FiguresHaveNames();
  StructuresOfOtherVersionsAreUnderstood();
  if (failures == 0) puts("all in order");
  return failures != 0;
}
