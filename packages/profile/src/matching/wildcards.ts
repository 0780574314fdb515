/** U+22EF: exactly one segment, argument or label. @public */
export const ONE = "\u22ef";
/** Zero or more arguments, in the arguments of an executed program. @public */
export const ANY_ARGUMENTS = "\u22ef\u22ef";

/** Character code of {@link ONE}. @internal */
export const ONE_CODE = 0x22ef;
/** `*` @internal */
export const STAR_CODE = 42;
/** `/` @internal */
export const SLASH_CODE = 47;
/** Characters of a value beyond which only literals match it; eight times the longest path that Linux passes around. @internal */
export const MAX_VALUE_LENGTH = 32_768;
/** Segments of one pattern; a longer one matches nothing. @internal */
export const MAX_PATTERN_SEGMENTS = 256;
