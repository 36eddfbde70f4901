/* Counts the calls that change files below one folder, and lets one of them fail, or kills the process at it.
 *
 * Preloaded (LD_PRELOAD) it sees every such call, those of the Delta library's Rust code too. WARRAQ_FAULT_ROOT names
 * the folder. `warraq_arm(nth, mode)` begins to count: at the nth call
 *   mode 0: nothing happens (to count the calls)
 *   mode 1: the process is killed before the call
 *   mode 2: a write is cut in half and the process killed; another call is made, then the process killed
 *   other:  the call fails with this errno; so do all that follow if the number is negative (a disk that stays full)
 * `warraq_calls()` tells how many calls there have been since.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_int calls, armed;
static int nth, mode;

void warraq_arm(int at, int how) { nth = at; mode = how; calls = 0; armed = 1; }
int warraq_calls(void) { return calls; }

static const char *root(void) { return getenv("WARRAQ_FAULT_ROOT"); }

static int below(const char *path) {
    char whole[PATH_MAX];
    const char *folder = root();
    if (!folder || !path) return 0;
    if (path[0] != '/') {
        if (!getcwd(whole, sizeof whole) || strlen(whole) + strlen(path) + 2 > sizeof whole) return 0;
        strcat(strcat(whole, "/"), path);
        path = whole;
    }
    return strncmp(path, folder, strlen(folder)) == 0;
}

static int open_below(int descriptor) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below(path);
}

static void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

enum { GO_ON, FAIL, DIE_AFTER };

/* What becomes of the call at hand; errno is set if it fails. */
static int fate(int concerned) {
    if (!concerned) return GO_ON;
    int number = ++calls;
    if (mode == 0 || (number != nth && !(mode < 0 && number > nth))) return GO_ON;
    if (mode == 1) die();
    if (mode == 2) return DIE_AFTER;
    errno = abs(mode);
    return FAIL;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* A call that changes the name of something, or makes or removes it. */
#define NAMED(name, parameters, arguments, concerned)            \
    int name parameters {                                        \
        int what = fate(armed && (concerned));                              \
        if (what == FAIL) return -1;                             \
        int result = REAL(name) arguments;                       \
        if (what == DIE_AFTER) die();                            \
        return result;                                           \
    }

NAMED(rename, (const char *from, const char *to), (from, to), below(from) || below(to))
NAMED(renameat, (int a, const char *from, int b, const char *to), (a, from, b, to), below(from) || below(to))
NAMED(renameat2, (int a, const char *from, int b, const char *to, unsigned flags), (a, from, b, to, flags),
      below(from) || below(to))
NAMED(link, (const char *from, const char *to), (from, to), below(from) || below(to))
NAMED(linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags),
      below(from) || below(to))
NAMED(unlink, (const char *path), (path), below(path))
NAMED(unlinkat, (int folder, const char *path, int flags), (folder, path, flags), below(path) || open_below(folder))
NAMED(mkdir, (const char *path, mode_t how), (path, how), below(path))
NAMED(mkdirat, (int folder, const char *path, mode_t how), (folder, path, how), below(path))
NAMED(rmdir, (const char *path), (path), below(path))
NAMED(fsync, (int descriptor), (descriptor), open_below(descriptor))
NAMED(fdatasync, (int descriptor), (descriptor), open_below(descriptor))
NAMED(ftruncate, (int descriptor, off_t size), (descriptor, size), open_below(descriptor))

#define OPENED(name, parameters, arguments, path)                                  \
    int name parameters {                                                          \
        mode_t how = 0;                                                            \
        if (flags & (O_CREAT | O_TMPFILE)) {                                       \
            va_list more;                                                          \
            va_start(more, flags);                                                 \
            how = va_arg(more, mode_t);                                            \
            va_end(more);                                                          \
        }                                                                          \
        int what = fate(armed && (flags & (O_CREAT | O_TRUNC)) && below(path));             \
        if (what == FAIL) return -1;                                               \
        int result = REAL(name) arguments;                                         \
        if (what == DIE_AFTER) die();                                              \
        return result;                                                             \
    }

OPENED(open, (const char *path, int flags, ...), (path, flags, how), path)
OPENED(open64, (const char *path, int flags, ...), (path, flags, how), path)
OPENED(openat, (int folder, const char *path, int flags, ...), (folder, path, flags, how), path)
OPENED(openat64, (int folder, const char *path, int flags, ...), (folder, path, flags, how), path)

/* A call that writes; killed in its midst it has written half. */
#define WRITTEN(name, parameters, whole, half)                   \
    ssize_t name parameters {                                    \
        int what = fate(armed && open_below(descriptor));                 \
        if (what == FAIL) return -1;                             \
        if (what == DIE_AFTER) { REAL(name) half; die(); }       \
        return REAL(name) whole;                                 \
    }

WRITTEN(write, (int descriptor, const void *bytes, size_t size), (descriptor, bytes, size),
        (descriptor, bytes, size / 2))
WRITTEN(pwrite, (int descriptor, const void *bytes, size_t size, off_t at), (descriptor, bytes, size, at),
        (descriptor, bytes, size / 2, at))
WRITTEN(pwrite64, (int descriptor, const void *bytes, size_t size, off64_t at), (descriptor, bytes, size, at),
        (descriptor, bytes, size / 2, at))
