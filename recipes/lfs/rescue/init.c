/*
 * The first process of the rescue system: mounts what programs expect, keeps a shell on the
 * console, collects processes that nobody waits for, and ends the machine when told to.
 *
 * As `poweroff` and `reboot` it tells the first process so: SIGUSR2 and SIGINT.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *type, *place, *options;
} mounts[] = {
	{ "proc", "/proc", NULL },
	{ "sysfs", "/sys", NULL },
	/* The kernel has done this one where it was told to. */
	{ "devtmpfs", "/dev", NULL },
	{ "devpts", "/dev/pts", "gid=5,mode=620" },
	{ "tmpfs", "/dev/shm", "mode=1777" },
	{ "tmpfs", "/run", "mode=755" },
	{ "tmpfs", "/tmp", "mode=1777" },
};

static void mount_all(void)
{
	for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
		mkdir(mounts[i].place, 0755);
		if (mount(mounts[i].type, mounts[i].place, mounts[i].type, 0, mounts[i].options) < 0
		    && errno != EBUSY)
			fprintf(stderr, "init: %s: %s\n", mounts[i].place, strerror(errno));
	}
	mkdir("/run/lock", 01777);
}

static void set_name(void)
{
	char name[65] = "";
	FILE *file = fopen("/etc/hostname", "r");
	if (!file)
		return;
	if (fgets(name, sizeof name, file)) {
		name[strcspn(name, "\n")] = 0;
		sethostname(name, strlen(name));
	}
	fclose(file);
}

/* A session of its own, so that Ctrl-C reaches what runs in the shell. */
static pid_t start_shell(void)
{
	pid_t child = fork();
	if (child != 0)
		return child;
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	int console = open("/dev/console", O_RDWR);
	ioctl(console, TIOCSCTTY, 1);
	for (int fd = 0; fd < 3; fd++)
		dup2(console, fd);
	char *environment[] = { "HOME=/root", "TERM=linux", "PATH=/usr/bin:/usr/sbin", NULL };
	if (chdir("/root") < 0)
		perror("/root");
	execle("/usr/bin/bash", "-bash", (char *)NULL, environment);
	perror("/usr/bin/bash");
	_exit(127);
}

static void end(int how)
{
	kill(-1, SIGTERM);
	sleep(1);
	kill(-1, SIGKILL);
	while (wait(NULL) > 0)
		;
	sync();
	mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
	reboot(how);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	name = name ? name + 1 : argv[0];
	if (argc > 0 && getpid() != 1)
		return kill(1, strcmp(name, "reboot") ? SIGUSR2 : SIGINT) < 0 ? (perror(name), 1) : 0;

	sigset_t told;
	sigemptyset(&told);
	sigaddset(&told, SIGCHLD);
	sigaddset(&told, SIGUSR2);
	sigaddset(&told, SIGINT);
	sigprocmask(SIG_BLOCK, &told, NULL);
	/* Ctrl-Alt-Del becomes SIGINT. */
	reboot(RB_DISABLE_CAD);
	mount_all();
	set_name();
	for (pid_t shell = start_shell();;) {
		int signal = sigwaitinfo(&told, NULL);
		if (signal == SIGUSR2)
			end(RB_POWER_OFF);
		if (signal == SIGINT)
			end(RB_AUTOBOOT);
		for (pid_t gone; (gone = waitpid(-1, NULL, WNOHANG)) > 0;)
			if (gone == shell) {
				sleep(1);
				shell = start_shell();
			}
	}
}
