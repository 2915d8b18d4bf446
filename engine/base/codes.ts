/**
 * The one table of diagnostic codes: exit code and explanation of each.
 * docs/diagnostics.md is generated from it; a test sees that each is produced by some test.
 */

export interface CodeFacts {
  /** 1 a step failed · 2 wrong usage · 3 recipes or configuration · 4 store · 5 the machine. */
  readonly exit: 1 | 2 | 3 | 4 | 5;
  /** What it means, one sentence. */
  readonly means: string;
  /** What to do. */
  readonly remedy: string;
}

export const CODES = {
  // --- store (4)
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
  'store/corrupt': {
    exit: 4,
    means: 'A file of the store does not have the content its name says.',
    remedy: 'Build again: the damaged file is set aside.',
  },
  'store/import': {
    exit: 3,
    means: 'A folder holds something a tree cannot take.',
    remedy: 'Remove it, or leave it out with `ignore`.',
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
  // --- sources (1: could not be had · 3: written wrong)
  'source/unreachable': {
    exit: 1,
    means: 'A source could not be downloaded from any of its places.',
    remedy:
      'Check network, proxy and the URLs of the recipe; each place is listed with its reason.',
  },
  'source/digest': {
    exit: 1,
    means: 'A downloaded file is not the one the recipe names by its sha256.',
    remedy: 'Look at the file; if it is the wanted one, pin it again: recipes source pin URL.',
  },
  'source/offline': {
    exit: 1,
    means: 'A source is not in the store and --offline forbids to download it.',
    remedy: 'Repeat the command without --offline.',
  },
  'source/interrupted': {
    exit: 1,
    means: 'A download was stopped before its end.',
    remedy: 'Repeat the command: the download goes on where it stopped.',
  },
  'source/archive-refused': {
    exit: 1,
    means: 'An archive holds entries that are never unpacked: escapes, devices, bombs.',
    remedy: 'Use another release of the source, or unpack: false and steps of your own.',
  },
  'source/archive-damaged': {
    exit: 1,
    means: 'An archive cannot be read.',
    remedy: 'Check that the file is what its name says.',
  },
  'source/git': {
    exit: 1,
    means: 'A commit could not be fetched from its git repository.',
    remedy: 'Check url: and rev: of the source, and that the server gives out that commit.',
  },
  'source/path-missing': {
    exit: 3,
    means: 'The file or folder a path: source names is not there or cannot be read.',
    remedy: 'Correct the path in the recipe.',
  },
  'source/path-link-leaves': {
    exit: 3,
    means: 'A symbolic link in a path: source leads out of its folder.',
    remedy: 'Make the link relative and keep it inside, or leave it out with ignore:.',
  },

  // --- graph (3) and targets (2)
  'graph/unknown-need': {
    exit: 3,
    means: 'A recipe names something that no recipe makes.',
    remedy: 'Correct the name, or add the recipe.',
  },
  'graph/ambiguous-name': {
    exit: 3,
    means: 'A bare name in a recipe stands for packages of several collections.',
    remedy: 'Write the full label.',
  },
  'graph/cycle': {
    exit: 3,
    means: 'Builds need each other in a circle, so none of them can be first.',
    remedy: 'Take one of the needs away, or split a build into a first and a second pass.',
  },
  'graph/bad-override': {
    exit: 3,
    means: 'An override of the configuration names something that does not exist, or itself.',
    remedy: 'Correct the label under `overrides`.',
  },
  'graph/bad-set': {
    exit: 3,
    means: 'A set of the configuration names something that does not exist, or itself.',
    remedy: 'Correct the member under `sets`.',
  },
  'target/unknown': {
    exit: 2,
    means: 'A target names nothing that is here.',
    remedy: 'See `recipes list` for what there is.',
  },
  'target/ambiguous': {
    exit: 2,
    means: 'A bare target stands for packages of several collections.',
    remedy: 'Write the full label.',
  },
  // --- the machine (5)
  'machine/missing-tool': {
    exit: 5,
    means: 'A program the work needs is not installed.',
    remedy: 'Install the package the message names.',
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
  'machine/memory': {
    exit: 5,
    means: 'The machine ran out of memory while a step ran.',
    remedy: 'Allow fewer jobs, or give the machine more memory.',
  },
  // --- building (1)
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
  'sandbox/path-too-long': {
    exit: 1,
    means: 'A build made folders nested deeper than can be recorded.',
    remedy: 'Remove them in the last step.',
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
  'build/failed': {
    exit: 1,
    means: 'A step of a build ended with an error.',
    remedy: 'Read the log; `recipes shell --failed` opens the folder it failed in.',
  },
  'build/interrupted': {
    exit: 1,
    means: 'The run was interrupted before this node could be built.',
    remedy: 'Run the command again: what was finished is kept.',
  },
  'target/no-path': {
    exit: 1,
    means: 'One target does not need the other, near or far.',
    remedy: 'Ask the other way round, or see `recipes deps`.',
  },
  'target/no-owner': {
    exit: 1,
    means: 'Nothing that is built has a file of that path.',
    remedy: 'Build what should have it; paths are as in the finished root.',
  },
  'target/not-built': {
    exit: 1,
    means: 'The target is not in the store as it is written now.',
    remedy: 'Build it first.',
  },
  'usage/wrong': {
    exit: 2,
    means: 'The words of the command line cannot be meant.',
    remedy: '`recipes help COMMAND` shows what it takes.',
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
  'build/skipped': {
    exit: 1,
    means: 'A wanted target was not built because something it needs failed.',
    remedy: 'Mend what failed first.',
  },
  // --- what is written in recipes and configuration (3)
  'yaml/unreadable': {
    exit: 3,
    means: 'A file cannot be read.',
    remedy: 'Check its permissions and that it is a file.',
  },
  'yaml/too-large': {
    exit: 3,
    means: 'A file is larger than 1 MiB.',
    remedy: 'Split it; put long texts into files of their own.',
  },
  'yaml/not-text': {
    exit: 3,
    means: 'A file is not UTF-8 text, or has control characters.',
    remedy: 'Save it as UTF-8 and remove the character.',
  },
  'yaml/syntax': {
    exit: 3,
    means: 'A file is not YAML.',
    remedy: 'Mend the place shown; often it is the indentation or a missing quote.',
  },
  'yaml/too-deep': {
    exit: 3,
    means: 'Values are nested more than 32 deep.',
    remedy: 'No field of ours is that deep: look for brackets that are never closed.',
  },
  'yaml/duplicate-key': {
    exit: 3,
    means: 'A map has the same key twice.',
    remedy: 'Remove one of them.',
  },
  'yaml/forbidden': {
    exit: 3,
    means: 'A file uses a part of YAML that is left out here: anchors, aliases, tags, merge keys.',
    remedy: 'Write the value out.',
  },
  'schema/unknown-field': {
    exit: 3,
    means: 'There is no field of this name here.',
    remedy: 'Use one of the fields listed; see docs/recipe-reference.md.',
  },
  'schema/missing-field': {
    exit: 3,
    means: 'A field that must be there is missing.',
    remedy: 'Write it; see docs/recipe-reference.md.',
  },
  'schema/wrong-type': {
    exit: 3,
    means: 'A value is of the wrong type.',
    remedy: 'Write a value of the type named; a text that looks like a number needs quotes.',
  },
  'schema/wrong-value': {
    exit: 3,
    means: 'A value breaks the rule of its field.',
    remedy: 'Write a value as the rule says.',
  },
  'recipe/unknown-variable': {
    exit: 3,
    means: 'A `${name}` in a data field names no variable.',
    remedy: 'Declare it at `vars:`, or write `$${name}` where the signs themselves are meant.',
  },
  'recipe/bad-variable': {
    exit: 3,
    means: 'A `${` is never closed, or the text that variables make is far too long.',
    remedy: 'Close it, write `$${` where the signs themselves are meant, or write the value out.',
  },
  'recipe/circular-variable': {
    exit: 3,
    means: 'Variables use each other in a circle.',
    remedy: 'Give one of them a value of its own.',
  },
  'recipe/bad-condition': {
    exit: 3,
    means: 'A `when:` cannot be read or can never be decided.',
    remedy: 'Use || && ! == != ( ) over options.NAME, arch, quoted texts, true and false.',
  },
  'recipe/bad-option': {
    exit: 3,
    means: 'The declaration of an option contradicts itself.',
    remedy: 'Give a default that fits the type; an enum has `values`, others have none.',
  },
  'recipe/bad-name': {
    exit: 3,
    means: 'A name is taken already, or the file of a package or kind is named otherwise.',
    remedy: 'Rename it as the message says.',
  },
  'recipe/bad-path': {
    exit: 3,
    means: 'A path is absolute, leaves its folder, or names no file.',
    remedy: 'Write a relative path without `..`.',
  },
  'recipe/bad-glob': {
    exit: 3,
    means: 'A glob can match nothing.',
    remedy: 'Write it relative to the root of the artifact and close its brackets.',
  },
  'recipe/bad-license': {
    exit: 3,
    means: 'A licence is no SPDX expression.',
    remedy: 'Use identifiers of the SPDX list joined by AND, OR and WITH.',
  },
  'recipe/bad-source': {
    exit: 3,
    means: 'A source contradicts another one or the configuration.',
    remedy: 'Give each source a name of its own and a place with a known alias.',
  },
  'recipe/missing-file': {
    exit: 3,
    means: 'A file that a recipe names is not there.',
    remedy: 'Put it beside the recipe, in the folder named like the package.',
  },
  'recipe/unknown-kind': {
    exit: 3,
    means: 'A build uses a kind that does not exist.',
    remedy: 'Use one of recipes/kinds, or write it there.',
  },
  'recipe/unknown-step': {
    exit: 3,
    means: 'A build writes a step that its kind does not have.',
    remedy: 'Use one of the steps of the kind, or the kind `script` with steps of your own.',
  },
  'recipe/bad-parameter': {
    exit: 3,
    means: 'A build sets a parameter that its kind does not have, or one of another type.',
    remedy: 'See `with:` in the file of the kind.',
  },
  'recipe/bad-extends': {
    exit: 3,
    means: 'The recipe that is extended does not exist, or they extend each other in a circle.',
    remedy: 'Name an existing recipe that does not lead back here.',
  },
  'config/not-found': {
    exit: 3,
    means: 'There is no recipes.config.yaml here or in a folder above.',
    remedy: 'Go to a project, use -C, or make one with `recipes init`.',
  },
  'config/bad-environment': {
    exit: 3,
    means: 'A RECIPES_ variable of the environment has a wrong value.',
    remedy: 'Correct or unset it.',
  },
  'usage/bad-option': {
    exit: 2,
    means: 'A -o sets an option that no recipe declares, or a value it cannot have.',
    remedy: '`recipes show` lists the options of a package.',
  },
  'config/bad-option': {
    exit: 3,
    means: 'The value of an option is set that no recipe declares, or that it cannot have.',
    remedy: '`recipes show` lists the options of a package.',
  },
} as const;

export type DiagnosticCode = keyof typeof CODES;

/** The same table with the facts as one type. */
export const FACTS: Readonly<Record<DiagnosticCode, CodeFacts>> = CODES;
