/**
 * The codes of sources: what could not be had, and what is refused.
 * Data only; codes.ts joins the tables.
 */

export const SOURCE_CODES = {
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
  'source/changed': {
    exit: 1,
    means: 'A local file was changed between reading the project and using the file.',
    remedy: 'Run the command again.',
  },
} as const;
