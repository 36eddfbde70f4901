/* Preloaded into a process: its n-th call that changes something below a folder fails, or kills the process.
   cc -shared -fPIC -O1 -o faults.so faults.c -ldl */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[PATH_MAX];
static long fatal = 0;       /* number of the call; 0: none */
static int failure = 0;      /* errno, or -1: SIGKILL */
static int sticky = 0;       /* all later calls fail, too, but those that remove something */
static atomic_long calls = 0;

void faults_arm(const char *below, long number, int error, int stays) {
    strncpy(folder, below, sizeof folder - 1);
    fatal = number, failure = error, sticky = stays;
    atomic_store(&calls, 0);
}

long faults_calls(void) { return atomic_load(&calls); }

static int below(const char *path) { return *folder && strncmp(path, folder, strlen(folder)) == 0; }

static int below_at(int base, const char *path) {
    char name[64], real[PATH_MAX * 2];
    if (*path == '/') return below(path);
    if (base == AT_FDCWD) return getcwd(real, PATH_MAX) && below(real);
    snprintf(name, sizeof name, "/proc/self/fd/%d", base);
    ssize_t length = readlink(name, real, PATH_MAX - 1);
    return length > 0 && (real[length] = 0, below(real));
}

/* 1 if the call must fail; errno is set. */
static int fails(int removes) {
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (!fatal || number < fatal || (number > fatal && (!sticky || removes))) return 0;
    if (failure < 0) kill(getpid(), SIGKILL);
    errno = failure;
    return 1;
}

static int dies_now(void) { return fatal && failure < 0 && atomic_load(&calls) + 1 == fatal; }

#define REAL(name) static typeof(name) *real; if (!real) real = (typeof(name) *)dlsym(RTLD_NEXT, #name)
#define CHANGES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

#define OPEN(name)                                                                          \
    int name(const char *path, int flags, ...) {                                            \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        REAL(name);                                                                         \
        return (flags & CHANGES) && below_at(AT_FDCWD, path) && fails(0) ? -1 : real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
#define OPENAT(name)                                                                        \
    int name(int base, const char *path, int flags, ...) {                                  \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        REAL(name);                                                                         \
        return (flags & CHANGES) && below_at(base, path) && fails(0) ? -1 : real(base, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int file, const void *bytes, size_t count) {
    REAL(write);
    if (*folder && below_at(file, "")) {
        if (dies_now()) real(file, bytes, count / 2); /* torn */
        if (fails(0)) return -1;
    }
    return real(file, bytes, count);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
    REAL(writev);
    return *folder && below_at(file, "") && fails(0) ? -1 : real(file, parts, count);
}
#define PWRITE(name)                                                            \
    ssize_t name(int file, const void *bytes, size_t count, off_t offset) {     \
        REAL(name);                                                             \
        return *folder && below_at(file, "") && fails(0) ? -1 : real(file, bytes, count, offset); \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

int rename(const char *from, const char *to) { REAL(rename); return below_at(AT_FDCWD, to) && fails(0) ? -1 : real(from, to); }
int renameat(int a, const char *from, int b, const char *to) { REAL(renameat); return below_at(b, to) && fails(0) ? -1 : real(a, from, b, to); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { REAL(renameat2); return below_at(b, to) && fails(0) ? -1 : real(a, from, b, to, flags); }
int link(const char *from, const char *to) { REAL(link); return below_at(AT_FDCWD, to) && fails(0) ? -1 : real(from, to); }
int linkat(int a, const char *from, int b, const char *to, int flags) { REAL(linkat); return below_at(b, to) && fails(0) ? -1 : real(a, from, b, to, flags); }
int mkdir(const char *path, mode_t mode) { REAL(mkdir); return below_at(AT_FDCWD, path) && fails(0) ? -1 : real(path, mode); }
int mkdirat(int base, const char *path, mode_t mode) { REAL(mkdirat); return below_at(base, path) && fails(0) ? -1 : real(base, path, mode); }
int unlink(const char *path) { REAL(unlink); return below_at(AT_FDCWD, path) && fails(1) ? -1 : real(path); }
int unlinkat(int base, const char *path, int flags) { REAL(unlinkat); return below_at(base, path) && fails(1) ? -1 : real(base, path, flags); }
int rmdir(const char *path) { REAL(rmdir); return below_at(AT_FDCWD, path) && fails(1) ? -1 : real(path); }
int chmod(const char *path, mode_t mode) { REAL(chmod); return below_at(AT_FDCWD, path) && fails(0) ? -1 : real(path, mode); }
int fsync(int file) { REAL(fsync); return *folder && below_at(file, "") && fails(0) ? -1 : real(file); }
int fdatasync(int file) { REAL(fdatasync); return *folder && below_at(file, "") && fails(0) ? -1 : real(file); }
int ftruncate(int file, off_t length) { REAL(ftruncate); return *folder && below_at(file, "") && fails(0) ? -1 : real(file, length); }
