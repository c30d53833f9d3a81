export { ATTRIBUTE_SETS, type AttributeSet } from '../replication/attributes.ts';
