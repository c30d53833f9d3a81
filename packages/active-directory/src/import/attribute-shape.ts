/** How an attribute's values are handed on. */
export interface AttributeShape {
  /**
   * `sid` as `S-1-…`, `guid` as text, `base64` for other bytes, `link` the objectGUID of the one object that a link names, `text` for all
   * that LDAP writes as text.
   */
  form: 'text' | 'sid' | 'guid' | 'base64' | 'link';
  multiple?: true;
  /** What it is asked for as, where DirSync does not send it by its own name. */
  sentAs?: string;
}

export const text: AttributeShape = { form: 'text' };
