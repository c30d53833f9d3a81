/** How an import returns an attribute's values. */
export interface AttributeShape {
  /**
   * `sid` as `S-1-…`, `guid` as text, `base64` for other bytes. `link` is the objectGUID of the one object that a link names. `text` is for
   * everything that LDAP writes as text.
   */
  form: 'text' | 'sid' | 'guid' | 'base64' | 'link';
  multiple?: true;
  /** The name to ask for, where DirSync does not send the attribute by its own name. */
  sentAs?: string;
}

export const text: AttributeShape = { form: 'text' };
