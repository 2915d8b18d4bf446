/**
 * The codes of the command line, of targets and of the graph.
 * Data only; codes.ts joins the tables.
 */

export const TARGET_CODES = {
  'usage/wrong': {
    exit: 2,
    means: 'The words of the command line cannot be meant.',
    remedy: '`recipes COMMAND --help` shows what it takes.',
  },
  'usage/bad-option': {
    exit: 2,
    means: 'A -o sets an option that no recipe declares, or a value it cannot have.',
    remedy: '`recipes show` lists the options of a package.',
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
} as const;
