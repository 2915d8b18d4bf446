/**
 * The codes of running: steps, the sandbox around them, the machine below.
 * Data only; codes.ts joins the tables.
 */

export const RUN_CODES = {
  'step/failed': {
    exit: 1,
    means: 'A command of a step ended with an error.',
    remedy: 'Read the log; `recipes shell --failed` opens the folder it failed in.',
  },
  'step/killed': {
    exit: 1,
    means: 'A step was killed by a signal nobody but the machine sends.',
    remedy: 'Repeat the command; look at the memory of the machine.',
  },
  'step/timeout': {
    exit: 1,
    means: 'A build took longer than it is allowed.',
    remedy: 'Raise resources: {time: …} of the recipe, or mend what hangs.',
  },
  'step/log-flood': {
    exit: 1,
    means: 'A build wrote more to its log than any build should.',
    remedy: 'Look at the end of the log: a loop prints the same again and again.',
  },
  'step/ended-early': {
    exit: 1,
    means: 'A step ended the shell that runs all steps, by exit or exec.',
    remedy: 'Use return, or a subshell.',
  },
  'step/left-processes': {
    exit: 1,
    means: 'Processes were still running when the last step ended.',
    remedy: 'End what the steps start, and wait for it.',
  },
  'step/cancelled': {
    exit: 1,
    means: 'A build was stopped before its end.',
    remedy: 'Run the command again.',
  },
  'sandbox/no-shell': {
    exit: 1,
    means: 'There is no working bash in the environment of a build.',
    remedy: 'Add a need that holds usr/bin/bash and all it is linked with.',
  },
  'sandbox/no-subdir': {
    exit: 1,
    means: 'A source has no folder of the name its recipe gives.',
    remedy: 'Correct subdir: of the source.',
  },
  'sandbox/changes-need': {
    exit: 1,
    means: 'A build changes or removes files of another artifact.',
    remedy: 'Install somewhere else, or declare it: outputs: {replaces: [label]}.',
  },
  'sandbox/missing-output': {
    exit: 1,
    means: 'A build did not make what its recipe promises.',
    remedy: 'Correct the steps or outputs: {expect: …}.',
  },
  'sandbox/leak': {
    exit: 1,
    means: 'A file that was built names folders that exist only while building.',
    remedy: 'Use another prefix, or allow it: outputs: {leaks: [glob]}.',
  },
  'sandbox/left-out': {
    exit: 1,
    means: 'A build left a socket or device, which artifacts do not hold.',
    remedy: 'Remove it in the last step; the artifact is complete without it.',
  },
  'build/conflict': {
    exit: 1,
    means: 'Two needs of a build have different files at the same path.',
    remedy: 'Leave the file out of one, or declare that one replaces the other.',
  },
  'root/conflict': {
    exit: 1,
    means: 'Two layers of a root, or a layer and the recipe, want different things at one path.',
    remedy: 'Leave it out (`exclude`), or name the layer that is to win in `overrides`.',
  },
  'build/undeclared-need': {
    exit: 1,
    means: 'A file that was built needs something to run that no run need of its recipe provides.',
    remedy:
      'Declare what provides it in needs:, not `for: build` only. The build is good as it is.',
  },
  'build/interrupted': {
    exit: 1,
    means: 'The run was interrupted before this node could be built.',
    remedy: 'Run the command again: what was finished is kept.',
  },
  'build/skipped': {
    exit: 1,
    means: 'A wanted target was not built because something it needs failed.',
    remedy: 'Mend what failed first.',
  },
  'machine/missing-tool': {
    exit: 5,
    means: 'A program the work needs is not installed.',
    remedy: 'Install the package the message names.',
  },
  'machine/old-tool': {
    exit: 5,
    means: 'A program the work needs is older than its recipe asks for.',
    remedy: 'Install a newer one, in /usr/local where the machine has none.',
  },
  'machine/user-namespaces': {
    exit: 5,
    means: 'This machine gives no user namespace to work in.',
    remedy: 'Allow user namespaces, as the hint says; recipes doctor looks again.',
  },
  'machine/chroot': {
    exit: 5,
    means: 'The command runs inside chroot(2), where no user namespace can be made.',
    remedy: 'Run it outside the chroot, or enter the folder with a container.',
  },
  'machine/sandbox': {
    exit: 5,
    means: 'The sandbox did not come up or was ended from outside.',
    remedy: 'Run recipes doctor; the message says what the kernel or bwrap said.',
  },
  'machine/worker': {
    exit: 5,
    means: 'The sandbox worker ended on its own.',
    remedy: 'Repeat the command; what was finished is kept. Report it when it happens again.',
  },
  'machine/watch-limit': {
    exit: 5,
    means: 'The machine gives no more watches of files; watch looks at them again and again.',
    remedy: 'Raise the limit: sysctl fs.inotify.max_user_watches=524288 (or max_user_instances).',
  },
  'machine/memory': {
    exit: 5,
    means: 'The machine ran out of memory while a step ran.',
    remedy: 'Allow fewer jobs, or give the machine more memory.',
  },
} as const;
