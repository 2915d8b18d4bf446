/**
 * The codes of the store and of what it keeps.
 * Data only; codes.ts joins the tables.
 */

export const STORE_CODES = {
  'store/full': {
    exit: 4,
    means: 'The disk (or its inodes) is full.',
    remedy: 'Free space, then repeat the command.',
  },
  'store/unusable': {
    exit: 4,
    means: 'The store cannot be read or written.',
    remedy: 'Check owner and permissions of the store.',
  },
  'store/version': {
    exit: 4,
    means: 'The store has a format this version does not know.',
    remedy: 'Use the version that made it, or another store.path.',
  },
  'store/network': {
    exit: 4,
    means: 'The store lies on a file system of another machine, which promises too little.',
    remedy: 'Set store.path to a folder on a disk of this machine.',
  },
  'store/corrupt': {
    exit: 4,
    means: 'A file of the store does not have the content its name says.',
    remedy: 'Build again: the damaged file is set aside.',
  },
  'store/damaged': {
    exit: 4,
    means:
      'Something in the store is damaged or missing that a build, a checkout or a repair needs.',
    remedy: 'Build it again (a build does so by itself), or `recipes store verify --repair`.',
  },
  'store/import': {
    exit: 3,
    means: 'A folder holds something a tree cannot take.',
    remedy: 'Remove it, or leave it out with `ignore`.',
  },
  'store/bad-export': {
    exit: 4,
    means: 'A file given to `store import` is no whole export, or was changed.',
    remedy: 'Export again; nothing of the file was taken.',
  },
  'store/checkout': {
    exit: 2,
    means: 'A tree cannot be laid out at the wanted place.',
    remedy: 'Name a folder that does not exist yet, or an empty one.',
  },
  'store/privilege': {
    exit: 5,
    means: 'A tree has owners or devices that this user may not make.',
    remedy: 'Give the user subordinate ids (package uidmap, /etc/subuid and /etc/subgid).',
  },
  'store/tool': {
    exit: 5,
    means: 'A small program the store works with is missing or failed.',
    remedy: 'Install util-linux, coreutils and attr.',
  },
  'store/locked': {
    exit: 4,
    means: 'Another process is at work on what is wanted, and --no-wait was given.',
    remedy: 'Wait for it, or leave out --no-wait.',
  },
  'store/bad-root': {
    exit: 4,
    means: 'A file in roots/ cannot be read, so nobody knows what gc must keep.',
    remedy: 'Build, pin or switch again what it was of, or remove the file.',
  },
  'store/not-collected': {
    exit: 4,
    means: 'Something in the store is not as gc has to know it, so gc removed nothing.',
    remedy: 'Look at what is named; `recipes store verify --repair` restores what is damaged.',
  },
  'store/unknown-pin': {
    exit: 2,
    means: 'There is no pin of that name, or the name cannot be one.',
    remedy: '`recipes store roots` lists pins and projects.',
  },
  'store/no-log': {
    exit: 1,
    means: 'There is no log: the target never ran, or the log was removed.',
    remedy: 'Build it.',
  },
  'store/no-failed-build': {
    exit: 1,
    means: 'The last build of the target did not fail, or what it left is gone.',
    remedy: '`recipes shell` without --failed opens the environment before the first step.',
  },
  'store/image': {
    exit: 5,
    means: 'An image of a file system could not be made.',
    remedy: 'Read what the program says; give the image more room (--size).',
  },
  'root/unknown-profile': {
    exit: 2,
    means: 'There is no profile of that name, or the name cannot be one.',
    remedy: '`recipes root list` lists profiles; `recipes root switch` makes one.',
  },
  'root/unknown-generation': {
    exit: 2,
    means: 'A profile has no such generation, or the folder of the generation is gone.',
    remedy: '`recipes root history` lists what there is.',
  },
  'root/in-use': {
    exit: 2,
    means: 'A generation that is to be removed is the current one, or is pinned.',
    remedy: 'Roll back or switch first, or take the pin away.',
  },
  'boot/dialogue': {
    exit: 1,
    means: 'A machine that was started did not show on its console what was expected, in time.',
    remedy: 'Read what the console ended with; give the step more time (`timeout`).',
  },
  'boot/no-kernel': {
    exit: 1,
    means: 'A root says nothing of how it is started, or has no such kernel.',
    remedy: 'Add `boot:` to its recipe, with the path of a kernel that one of its layers brings.',
  },
  'boot/machine': {
    exit: 5,
    means: 'The virtual machine could not be started.',
    remedy: 'Read what QEMU says; `recipes boot` needs qemu-system-x86_64.',
  },
  'root/etc-clash': {
    exit: 1,
    means:
      'A file that was made or changed in /etc is a folder in the new root, or lies in a file of it.',
    remedy: 'Move the file away in the current generation, then switch again.',
  },
  'root/folder': {
    exit: 2,
    means: 'A folder cannot be that of a profile: it holds other things, or lies in the store.',
    remedy: 'Name a folder with --at that does not exist yet, or an empty one.',
  },
} as const;
