/**
 * Looks at the machine for what a host environment is made of. Reads only.
 */
import * as files from '../base/files.ts';
import type {HostShape} from './spec.ts';

const ROOTS = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/** What the dynamic linker and Debian's alternatives need; nothing that tells of the machine. */
const ETC = [
  ...['/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/ld.so.conf.d', '/etc/alternatives'],
  ...['/etc/protocols', '/etc/services', '/etc/perl'],
];

export function shapeOfHost(): HostShape {
  return {
    roots: ROOTS.flatMap((path): HostShape['roots'] => {
      const stat = files.lookAt(path);
      if (stat?.isSymbolicLink() === true) {
        return [{path, target: files.readLink(path).toString('latin1')}];
      }
      return stat?.isDirectory() === true ? [{path, target: undefined}] : [];
    }),
    etc: {files: ETC.filter(isFile), folders: ETC.filter(isFolder)},
    limits: readLimits(files.readText('/proc/self/limits')),
  };
}

function isFile(path: string): boolean {
  return files.follow(path)?.isFile() === true;
}

function isFolder(path: string): boolean {
  return files.follow(path)?.isDirectory() === true;
}

/** The hard limits of proc_pid_limits(5); `unlimited` is a very high number. */
export function readLimits(text: string): HostShape['limits'] {
  const hard = (name: string): number => {
    const found = new RegExp(`^Max ${name} +\\S+ +(\\S+)`, 'm').exec(text)?.[1];
    const value = Number(found);
    return Number.isInteger(value) ? value : 1 << 30;
  };
  return {processes: hard('processes'), files: hard('open files')};
}
