/**
 * A build that makes one of everything a file can be, as root of its own namespace.
 */
import type {Sketch} from './recipes.ts';

export const EVERYTHING_STEPS = `mkdir -p "$DESTDIR/all/empty/again" && cd "$DESTDIR/all"
echo setuid > setuid; chmod 4755 setuid
echo setgid > setgid; chmod 2755 setgid
mkdir sticky; chmod 1777 sticky
mkdir shared; chmod 2775 shared
echo closed > closed; chmod 0000 closed
mkdir secret; echo inside > secret/inside; chmod 0000 secret
echo owned > owned; chown 3:4 owned || touch no-owners
echo marked > marked; setfattr -n user.note -v $'a\\nb=c\\\\d' marked
mkdir noted; setfattr -n user.folder -v yes noted
echo capable > capable; chmod 755 capable; setcap cap_net_raw+ep capable || touch no-capabilities
echo one > one; ln one two; mkdir sub; ln one sub/three
echo one > equal
ln -s ../nowhere link; ln -s /etc/passwd absolute
mkfifo fifo
touch "$(printf 'latin\\351')" "$(printf 'new\\nline')" ' blank ' '#hash' 'back\\slash' 'ünï'
touch "$(printf 'n%.0s' {1..255})"; mkdir "$(printf 'm%.0s' {1..255})"
: > nothing
`;

export const EVERYTHING: Sketch = {
  steps: EVERYTHING_STEPS,
  recipe: {tools: ['setfattr', 'setcap', 'mkfifo']},
};
