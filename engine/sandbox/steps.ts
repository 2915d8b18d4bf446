/**
 * The text of the step shell: one bash that runs all steps of a build, is the first process of
 * the sandbox, and reports through files in /run/recipes/status. Pure; runs nothing.
 *
 *     begun      there: the shell has started
 *     steps      for each step begun: its file name NUL its first folder NUL
 *     cwd times  written when the shell ends otherwise than well: its folder, and what times(1p) says
 *     others     left-over processes, one a line: process id, command
 *     done       there: all steps ended well and nothing was left running; what times(1p) says
 *     clock      only where a build is timed: `begun`, each step's file name, and `ended`, each
 *                followed by a blank and bash's EPOCHREALTIME, one a line
 *
 * What counts is `done`: a step that calls `exit 0`, or takes over the EXIT trap, does not make it.
 */
import {INSIDE} from './places.ts';

export interface StepText {
  readonly name: string;
  readonly text: string;
}

export type Variables = Readonly<Record<string, string | readonly string[]>>;

/** The step's file below /run/recipes/steps: ordered, and readable in bash's own messages. */
export function stepFile(index: number, name: string): string {
  return `${String(index + 1).padStart(2, '0')}-${name}`;
}

/** The step's name from its file's. */
export function stepName(file: string): string {
  return file.replace(/^\d+-/, '');
}

/**
 * The program bash is started with. `top`: the folder below /build the first step starts in;
 * `timed`: it notes when each step begins.
 */
export function driverText(
  steps: readonly StepText[],
  shell: readonly string[],
  top: string,
  timed = false,
): string {
  const stamp = (what: string): string[] => (timed ? [stampOf(what)] : []);
  return [
    PRELUDE,
    ...stamp('begun'),
    `builtin . ${INSIDE.control}/variables`,
    `builtin cd -- ${quote(top === '' ? INSIDE.build : `${INSIDE.build}/${top}`)} || builtin exit`,
    ...steps.flatMap((step, index) => {
      const file = stepFile(index, step.name);
      return [...stamp(file), callStep(file, shell)];
    }),
    ...stamp('ended'),
    FINALE,
  ].join('\n');
}

/** An older bash has no such variable, and a step may have unset it. */
function stampOf(what: string): string {
  return `builtin printf '%s %s\\n' ${quote(what)} "\${EPOCHREALTIME-}" >>${INSIDE.status}/clock`;
}

/** Not inside a function: there `declare` of a step would make local variables. */
function callStep(file: string, shell: readonly string[]): string {
  return [
    `builtin printf '%s\\0%s\\0' ${quote(file)} "$PWD" >>${INSIDE.status}/steps`,
    ...shell.map((flag) => `builtin set -o ${quote(flag)}`),
    `builtin . ${quote(`${INSIDE.steps}/${file}`)}`,
    `_recipes_code=$?`,
    `if [[ $_recipes_code != 0 ]]; then builtin exit "$_recipes_code"; fi`,
  ].join('\n');
}

/** Assignments of shell variables; lists become arrays. */
export function variablesText(variables: Variables, jobs: number): string {
  const all: Variables = {...variables, jobs: String(jobs)};
  return Object.entries(all)
    .map(([name, value]) => `${variableName(name)}=${valueText(value)}\n`)
    .join('');
}

function valueText(value: string | readonly string[]): string {
  return typeof value === 'string' ? quote(value) : `(${value.map(quote).join(' ')})`;
}

/** Options may be named `static-libs`; bash knows no such names. */
function variableName(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
}

/** A text as one word of the shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The start of an interactive shell: variables, the folder, and `step NAME` to repeat a step. */
export function rcText(label: string, shell: readonly string[], cwd: string): string {
  const flags = shell.map((flag) => `set -o ${quote(flag)}; `).join('');
  return `\
. ${INSIDE.control}/variables
cd -- ${quote(cwd)} 2>/dev/null || cd ${INSIDE.build}
PS1=${quote(`${label} `)}'\\w \\$ '
step() {
  local _recipes_file
  for _recipes_file in ${INSIDE.steps}/*-"\${1-}"; do
    if [[ -f $_recipes_file ]]; then
      (${flags}. "$_recipes_file")
      return
    fi
  done
  echo "usage: step NAME, one of:" >&2
  for _recipes_file in ${INSIDE.steps}/*; do echo "  \${_recipes_file##*/??-}" >&2; done
  return 2
}
`;
}

const PRELUDE = `\
umask 022
builtin printf '' >${INSIDE.status}/begun
_recipes_end() {
  builtin printf '%s' "$PWD" >|${INSIDE.status}/cwd
  builtin times >|${INSIDE.status}/times
}
builtin trap _recipes_end EXIT
_recipes_others() {
  builtin local IFS=$' \\t\\n' file pid line rest word command
  _recipes_found=
  for file in /proc/[0-9]*/stat; do
    pid=\${file#/proc/}
    pid=\${pid%/stat}
    if [[ $pid == 1 ]]; then continue; fi
    line=
    { IFS= builtin read -r -d '' line <"$file"; } 2>/dev/null || :
    rest=\${line##*) }
    if [[ -z $line || $rest == [ZX]* ]]; then continue; fi
    command=
    { while IFS= builtin read -r -d '' word; do command+="$word "; done <"/proc/$pid/cmdline"
    } 2>/dev/null || :
    if [[ -z $command ]]; then command=\${line#*(} command=\${command%)*}; fi
    _recipes_found+="$pid \${command//$'\\n'/ }"$'\\n'
  done
}`;

/**
 * Processes that are about to end get two seconds to do so. A `tee` behind `exec > >(…)` ends
 * when the shell lets go of its output. A pipe that is open both ways never ends: reading from it
 * is a pause.
 */
const FINALE = `\
exec >/dev/null 2>&1
builtin set +o errexit +o nounset +o noglob +o xtrace
builtin shopt -u failglob nullglob dotglob
builtin unset GLOBIGNORE
for ((_recipes_try = 0; _recipes_try < 20; _recipes_try++)); do
  _recipes_others
  if [[ -z $_recipes_found ]]; then break; fi
  builtin read -r -t 0.1 _recipes_line <> <(:)
done
if [[ -n $_recipes_found ]]; then
  builtin printf '%s' "$_recipes_found" >|${INSIDE.status}/others
  builtin exit 1
fi
builtin trap - EXIT
builtin times >|${INSIDE.status}/done
builtin exit 0
`;
