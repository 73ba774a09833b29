/** Character escapes of the text formats a reply may come in: `&#64;` `&#x40;` `\u0040` `\x40` `%40`. */
const ESCAPE =
  /&#(\d{1,7});?|&#[xX]([0-9A-Fa-f]{1,6});?|\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})|%([0-9A-Fa-f]{2})/g;
/** Named forms of the characters that detectors look for. */
const NAMED: Readonly<Record<string, string>> = {
  '&commat;': '@',
  '&period;': '.',
  '&hyphen;': '-',
  '&dash;': '-',
};

/** The text with escaped characters in clear, once: what a reader of it would see. For looking, not for delivery. */
export function revealEncodings(text: string): string {
  const plain = text.replace(
    ESCAPE,
    (whole, decimal?: string, hex?: string, unicode?: string, byte?: string, percent?: string) => {
      const code =
        decimal === undefined
          ? Number.parseInt(hex ?? unicode ?? byte ?? percent ?? '', 16)
          : Number(decimal);
      return code <= 0x10_ffff ? String.fromCodePoint(code) : whole;
    },
  );
  return plain.replace(/&(?:commat|period|hyphen|dash);/g, (name) => NAMED[name] ?? name);
}
