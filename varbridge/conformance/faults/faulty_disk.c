/* A library to preload, which makes calls on the files of one directory fail, stay short or take long.
 *
 * FAULTY_DISK_ROOT is the directory, FAULTY_DISK_CONTROL a file of eight 64-bit integers, which the test
 * maps as well: struct plan. faulty_disk.py describes it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { READ = 1, WRITE = 2, SYNC = 4, OPEN = 8, TRUNCATE = 16, RENAME = 32, UNLINK = 64, ALLOCATE = 128 };

struct plan {
    int64_t kinds;      /* which calls count */
    int64_t first;      /* the number of the first call that fails, from 1; 0: none */
    int64_t failures;   /* how many fail from there on */
    int64_t error;      /* errno; 0: the call succeeds after the delay */
    int64_t delay_ms;   /* before each of these calls */
    int64_t cuts;       /* 1: the first of these calls, if it writes, writes a half and succeeds */
    int64_t calls;      /* counted so far */
    int64_t failed;     /* failed so far */
};

#define MAX_FILES 4096
static unsigned char watched[MAX_FILES];
static struct plan *plan;
static const char *root;

static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }
#define REAL(name) static __typeof__(name) *real; if (!real) real = next(#name)

__attribute__((constructor)) static void begin(void) {
    const char *control = getenv("FAULTY_DISK_CONTROL");
    root = getenv("FAULTY_DISK_ROOT");
    if (!control || !root) return;
    int (*real_open)(const char *, int, ...) = next("open64");
    int fd = real_open(control, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *place = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (place != MAP_FAILED) plan = place;
    close(fd);
}

/* Counts a call; returns 1 if it is to be cut, -1 with errno if it is to fail, 0 otherwise. */
static int fault(int kind) {
    if (!plan || !(plan->kinds & kind)) return 0;
    int64_t number = __atomic_add_fetch(&plan->calls, 1, __ATOMIC_SEQ_CST);
    if (!plan->first || number < plan->first || number >= plan->first + plan->failures) return 0;
    if (plan->delay_ms) {
        struct timespec pause = {plan->delay_ms / 1000, plan->delay_ms % 1000 * 1000000};
        nanosleep(&pause, NULL);
    }
    if (!plan->error) return 0;
    __atomic_add_fetch(&plan->failed, 1, __ATOMIC_SEQ_CST);
    if (plan->cuts && number == plan->first && kind == WRITE) return 1;
    errno = (int)plan->error;
    return -1;
}

static int is_watched(int fd) { return fd >= 0 && fd < MAX_FILES && watched[fd]; }
static int is_below(const char *path) { return root && path && !strncmp(path, root, strlen(root)); }

#define OPENS(name)                                                                  \
    int name(const char *path, int flags, ...) {                                     \
        REAL(name);                                                                  \
        mode_t mode = 0;                                                             \
        if (flags & O_CREAT) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); } \
        int below = is_below(path);                                                  \
        if (below && fault(OPEN)) return -1;                                         \
        int fd = real(path, flags, mode);                                            \
        if (fd >= 0 && fd < MAX_FILES) watched[fd] = (unsigned char)below;           \
        return fd;                                                                   \
    }
OPENS(open)
OPENS(open64)

int close(int fd) {
    REAL(close);
    if (fd >= 0 && fd < MAX_FILES) watched[fd] = 0;
    return real(fd);
}

#define TRANSFERS(kind, name, buffer, offset_parameter, offset_argument)             \
    ssize_t name(int fd, buffer place, size_t size offset_parameter) {               \
        REAL(name);                                                                  \
        int what = is_watched(fd) ? fault(kind) : 0;                                 \
        if (what < 0) return -1;                                                     \
        return real(fd, place, what && size > 1 ? size / 2 : size offset_argument);  \
    }
#define COMMA ,
TRANSFERS(READ, read, void *, , )
TRANSFERS(READ, pread, void *, COMMA off_t offset, COMMA offset)
TRANSFERS(READ, pread64, void *, COMMA off64_t offset, COMMA offset)
TRANSFERS(WRITE, write, const void *, , )
TRANSFERS(WRITE, pwrite, const void *, COMMA off_t offset, COMMA offset)
TRANSFERS(WRITE, pwrite64, const void *, COMMA off64_t offset, COMMA offset)

int fsync(int fd) { REAL(fsync); return is_watched(fd) && fault(SYNC) ? -1 : real(fd); }
int fdatasync(int fd) { REAL(fdatasync); return is_watched(fd) && fault(SYNC) ? -1 : real(fd); }
int ftruncate(int fd, off_t size) { REAL(ftruncate); return is_watched(fd) && fault(TRUNCATE) ? -1 : real(fd, size); }
int ftruncate64(int fd, off64_t size) { REAL(ftruncate64); return is_watched(fd) && fault(TRUNCATE) ? -1 : real(fd, size); }
int rename(const char *from, const char *to) { REAL(rename); return is_below(to) && fault(RENAME) ? -1 : real(from, to); }
int unlink(const char *path) { REAL(unlink); return is_below(path) && fault(UNLINK) ? -1 : real(path); }

/* These return the error. */
int posix_fallocate(int fd, off_t from, off_t size) { REAL(posix_fallocate); return is_watched(fd) && fault(ALLOCATE) ? errno : real(fd, from, size); }
int posix_fallocate64(int fd, off64_t from, off64_t size) { REAL(posix_fallocate64); return is_watched(fd) && fault(ALLOCATE) ? errno : real(fd, from, size); }
