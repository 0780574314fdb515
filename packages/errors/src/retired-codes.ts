/**
 * Codes that meant something in a release and are gone. A code is never given a second meaning: somebody may still match on it.
 *
 * Move a code here in the commit that removes it from its package's table; a test refuses tables that bring one back.
 *
 * @public
 */
export const retiredCodes: readonly string[] = [];
