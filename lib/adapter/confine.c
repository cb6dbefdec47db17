#define _GNU_SOURCE /* syscall, O_PATH */
#include "adapter/confine.h"

#include "adapter/fs.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The kernel's interface (Documentation/userspace-api/landlock.rst), spelled out here because libc
 * has no functions for it, and older headers lack the newer rights. The numbers are the same on all
 * of our architectures.
 */
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446 };
enum { GIVE_VERSION = 1, PATH_BENEATH = 1 };

enum {
	WRITE_FILE = 1 << 1,
	REMOVE_DIR = 1 << 4,
	REMOVE_FILE = 1 << 5,
	MAKE_CHAR = 1 << 6,
	MAKE_DIR = 1 << 7,
	MAKE_REG = 1 << 8,
	MAKE_SOCK = 1 << 9,
	MAKE_FIFO = 1 << 10,
	MAKE_BLOCK = 1 << 11,
	MAKE_SYM = 1 << 12,
	REFER = 1 << 13,    /* version 2: link or rename into another folder */
	TRUNCATE = 1 << 14, /* version 3 */
};

struct ruleset {
	uint64_t handled;
};

struct rule {
	uint64_t allowed;
	int32_t folder;
} __attribute__((packed));

static uint64_t rights_of(long version)
{
	uint64_t rights = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_CHAR | MAKE_DIR | MAKE_REG |
			  MAKE_SOCK | MAKE_FIFO | MAKE_BLOCK | MAKE_SYM;

	if (version >= 2)
		rights |= REFER;
	if (version >= 3)
		rights |= TRUNCATE;
	return rights;
}

/* A folder that can't be opened can't be written either. */
static bool allow(int ruleset, const char *path, uint64_t rights)
{
	int folder CLEANUP(fs_close) = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct rule rule = {
		rights & (WRITE_FILE | REMOVE_FILE | MAKE_REG | REFER | TRUNCATE), folder};

	return folder < 0 || syscall(ADD_RULE, ruleset, PATH_BENEATH, &rule, 0) == 0;
}

bool confine_writes(const char *const *folders, size_t count)
{
	long version = syscall(CREATE_RULESET, NULL, (size_t)0, GIVE_VERSION);

	if (version < 1)
		return false;
	const struct ruleset rights = {rights_of(version)};
	int ruleset CLEANUP(fs_close) = (int)syscall(CREATE_RULESET, &rights, sizeof(rights), 0);
	for (size_t i = 0; ruleset >= 0 && i < count; i++)
		if (!allow(ruleset, folders[i], rights.handled))
			return false;
	/* The kernel asks for it, so that no program started later gains rights that we lack. */
	return ruleset >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) == 0 &&
	       syscall(RESTRICT_SELF, ruleset, 0) == 0;
}
