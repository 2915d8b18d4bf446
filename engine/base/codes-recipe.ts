/**
 * The codes of what is written in recipes and configuration.
 * Data only; codes.ts joins the tables.
 */

export const RECIPE_CODES = {
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
  'config/bad-option': {
    exit: 3,
    means: 'The value of an option is set that no recipe declares, or that it cannot have.',
    remedy: '`recipes show` lists the options of a package.',
  },
  'recipe/bad-root': {
    exit: 3,
    means: 'A recipe of a root says something that cannot be.',
    remedy: 'See `root` in the recipe reference; what is built is a recipe of its own.',
  },
  'root/unknown-owner': {
    exit: 3,
    means: 'Something in a root belongs to a user or group the root does not have.',
    remedy: 'Add it to `users` or `groups`, lay the layer that brings it, or write a number.',
  },
  'root/account': {
    exit: 3,
    means: 'A root gets a user or group that a layer has with other values.',
    remedy: 'Use the values of the layer, or another name.',
  },
} as const;
