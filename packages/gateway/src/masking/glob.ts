/** Longest pattern accepted in the configuration (L10). */
export const GLOB_CHARACTERS = 128;

/**
 * Whether `name` matches `pattern`, where `*` is any text and `?` any one character, ignoring case.
 * Goes back to the last `*` only, so the work is at most one pass of the pattern per character of the name.
 */
export function globMatches(pattern: string, name: string): boolean {
  const wanted = pattern.toLowerCase();
  const text = name.toLowerCase();
  let at = 0;
  let in_ = 0;
  let star = -1;
  let resumeAt = 0;
  while (in_ < text.length) {
    if (wanted[at] === '*') {
      star = at;
      resumeAt = in_;
      at += 1;
    } else if (at < wanted.length && (wanted[at] === '?' || wanted[at] === text[in_])) {
      at += 1;
      in_ += 1;
    } else if (star >= 0) {
      at = star + 1;
      resumeAt += 1;
      in_ = resumeAt;
    } else return false;
  }
  while (wanted[at] === '*') at += 1;
  return at === wanted.length;
}
