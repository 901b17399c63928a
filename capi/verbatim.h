/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verbatim as a library for C: a PC that runs 32-bit x86 guests in this process. docs/embedding.md
 * tells how to build and link with it.
 *
 *   verbatim_config config;
 *   verbatim_config_init(&config, sizeof config);
 *   config.kernel_path = "vmlinuz";
 *   verbatim_machine *machine;
 *   if (verbatim_create(&config, &machine) != VERBATIM_OK) puts(verbatim_last_error());
 *
 * Threads. A machine has a thread of its own, on which the guest runs and on_serial is called.
 * Every function may be called from any thread; what cannot be done while the guest runs, or from
 * within on_serial, answers VERBATIM_BUSY. Only verbatim_destroy must not be called while another
 * thread is in a function with the same machine, verbatim_run excepted.
 *
 * Errors. A function that can fail returns a verbatim_status, and keeps a sentence that tells what
 * was wrong with what for verbatim_last_error, on the same thread. No C++ exception leaves the
 * library. An error of the library itself aborts the process with a report on standard error. A
 * guest cannot cause any of these: a guest that crashes is an outcome.
 *
 * Signals. The first verbatim_run of a process takes SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP and
 * SIGRTMIN+1. What does not concern a guest goes to the handler that was there before.
 *
 * Versions. Each structure begins with its size, so that fields may be added at its end: a program
 * compiled with an older header goes on working with a newer library. A newer program is told by
 * VERBATIM_INVALID_ARGUMENT that the library is too old for a field that it uses.
 *
 * Strings are UTF-8 and end in a zero byte.
 */
#ifndef VERBATIM_CAPI_VERBATIM_H_
#define VERBATIM_CAPI_VERBATIM_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __GNUC__
#pragma GCC visibility push(default) /* what the library is made of is not */
#endif
#ifdef __cplusplus
extern "C" {
#endif

#define VERBATIM_ABI_VERSION 1

typedef int32_t verbatim_status;
enum {
  VERBATIM_OK = 0,
  VERBATIM_INVALID_ARGUMENT = 1, /* a null pointer, a structure's size, a flag */
  VERBATIM_UNFIT_HOST = 2,       /* this host cannot run guests, for the reason that is given */
  VERBATIM_BAD_INPUT = 3,        /* a file or a value of the configuration */
  VERBATIM_BUSY = 4,             /* not while the guest runs */
  VERBATIM_NO_MEMORY = 5,
  VERBATIM_INTERNAL = 6, /* of the host: a mapping was refused, a thread could not be started */
};

/* One machine. */
typedef struct verbatim_machine verbatim_machine;

/* What the guest sends to COM1, on the machine's thread. Must return soon, as the guest waits, and
 * must not throw. It may call verbatim_stop and verbatim_send_serial. */
typedef void (*verbatim_serial_fn)(void *user, const uint8_t *bytes, size_t count);

/* Flags of a configuration. */
#define VERBATIM_NO_REBOOT 1u /* a reset by the guest ends the run */
#define VERBATIM_APIC 2u      /* a local APIC, an I/O APIC and an HPET */
#define VERBATIM_VALIDATE 4u  /* prove of each block that it stays in its guest before it runs */

/* What a machine is made of. A null pointer means that there is none, or the default. */
typedef struct verbatim_config {
  uint32_t struct_size;         /* sizeof(verbatim_config); set by verbatim_config_init */
  uint32_t flags;               /* VERBATIM_NO_REBOOT and so on; 0 */
  uint64_t memory_bytes;        /* of RAM, 4 MiB to 3.5 GiB, whole pages; 256 MiB */
  uint64_t code_cache_bytes;    /* for translated code, 1 MiB to 1 GiB, whole MiB; 64 MiB */
  const char *kernel_path;      /* bzImage or multiboot; null: the BIOS boots the image */
  const char *initrd_path;      /* with a kernel */
  const char *command_line;     /* with a kernel */
  const char *image_path;       /* of a disk, a disc or a floppy disk, told apart by its contents */
  uint32_t image_read_only;     /* 1: the guest may not write it */
  uint32_t image_snapshot;      /* 1: what the guest writes to it is forgotten at the end */
  const char *cpu_model;        /* "core2" or "pentium3"; "core2" */
  verbatim_serial_fn on_serial; /* null: nobody listens */
  void *user;                   /* its first argument */
} verbatim_config;

/* How a run ended. */
enum {
  VERBATIM_STOPPED = 0,    /* by verbatim_stop: another verbatim_run goes on */
  VERBATIM_POWER_OFF = 1,  /* by the guest */
  VERBATIM_RESET = 2,      /* by the guest, with VERBATIM_NO_REBOOT */
  VERBATIM_DIED = 3,       /* triple fault; verbatim_crash_report tells more */
  VERBATIM_DEBUG_EXIT = 4, /* the guest wrote debug_value to port F4h */
};

typedef struct verbatim_outcome {
  uint32_t struct_size; /* set by the caller: sizeof(verbatim_outcome) */
  uint32_t end;         /* VERBATIM_STOPPED and so on */
  uint32_t debug_value; /* 0 to 255 */
} verbatim_outcome;

/* A segment register with its hidden part (SDM vol. 3, 3.4.3). */
typedef struct verbatim_segment {
  uint16_t selector;
  uint16_t attributes; /* type 0-3, S 4, DPL 5-6, P 7, AVL 12, L 13, D/B 14, G 15; 0: unusable */
  uint32_t base;
  uint32_t limit; /* in bytes, the last valid offset */
} verbatim_segment;

typedef struct verbatim_registers {
  uint32_t struct_size; /* set by the caller: sizeof(verbatim_registers) */
  uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
  uint32_t eip, eflags, cpl;
  uint32_t cr0, cr2, cr3, cr4;
  verbatim_segment es, cs, ss, ds, fs, gs, ldtr, tr;
  uint32_t gdtr_base, gdtr_limit, idtr_base, idtr_limit;
} verbatim_registers;

/* One figure. The strings live as long as the machine and end where the next call of
 * verbatim_statistics for it begins. */
typedef struct verbatim_statistic {
  const char *group; /* an identifier, as is name */
  const char *name;
  const char *description; /* prose, with the unit */
  double value;
} verbatim_statistic;

/* VERBATIM_ABI_VERSION of the library, and its version, "0.1.0". */
uint32_t verbatim_abi_version(void);
const char *verbatim_version(void);

/* A status in a few words; the sentence that belongs to the last failure on this thread, "" before
 * the first; it is valid until the next failure on this thread. */
const char *verbatim_status_text(verbatim_status status);
const char *verbatim_last_error(void);

/* Sets every field to its default. `size` is sizeof(verbatim_config). */
verbatim_status verbatim_config_init(verbatim_config *config, uint32_t size);

/* Checks the host and the files and builds the machine, up to the guest's first instruction. The
 * configuration is copied. On failure *machine is null. */
verbatim_status verbatim_create(const verbatim_config *config, verbatim_machine **machine);

/* Stops the guest if it runs, waits until verbatim_run has returned, and frees all. Null is
 * ignored. From within on_serial: VERBATIM_BUSY, and nothing happens. */
verbatim_status verbatim_destroy(verbatim_machine *machine);

/* Runs the guest until it ends or is stopped, and waits for that. `outcome` may be null. After a
 * stop another call goes on, and for the guest no time has passed; after another end the outcome is
 * the same again. */
verbatim_status verbatim_run(verbatim_machine *machine, verbatim_outcome *outcome);

/* Ends the run in progress, or the next one if there is none. Also from signal handlers. */
void verbatim_stop(verbatim_machine *machine);

/* After VERBATIM_DIED: registers and the last blocks, for a human; else "". Valid until the next
 * verbatim_run. */
const char *verbatim_crash_report(const verbatim_machine *machine);

/* Bytes for the guest's COM1. Returns how many were taken: there is room for some, and more when
 * the guest has read those. What was taken is not lost. */
size_t verbatim_send_serial(verbatim_machine *machine, const void *bytes, size_t count);

/* These while the guest does not run, else VERBATIM_BUSY. */

verbatim_status verbatim_read_registers(verbatim_machine *machine, verbatim_registers *registers);

/* `*done` is how many bytes could be read, from the first on: RAM and ROM, but no devices. */
verbatim_status verbatim_read_physical(verbatim_machine *machine, uint64_t address, void *bytes,
                                       size_t count, size_t *done);
/* By the page tables as they stand, as the guest's kernel reads. Accessed bits are not set. */
verbatim_status verbatim_read_linear(verbatim_machine *machine, uint32_t address, void *bytes,
                                     size_t count, size_t *done);

/* The figures of the run so far. Fills at most `capacity` elements of `statistics`, which may be
 * null if that is 0; *count is how many there are. `element_size` is sizeof(verbatim_statistic). */
verbatim_status verbatim_statistics(verbatim_machine *machine, verbatim_statistic *statistics,
                                    uint32_t element_size, size_t capacity, size_t *count);

#ifdef __cplusplus
}
#endif
#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#endif /* VERBATIM_CAPI_VERBATIM_H_ */
