import type { PasswordOrder } from '@causeway/contract';

/** The columns of a user with the order of the password, or of its withdrawal. */
export interface OrderColumns {
  order_epoch: number;
  order_version: number | null;
  order_time: number | null;
  order_invocation_id: string | null;
}

/** Of a user who never had a password: the next one is accepted, whatever its order. */
export const NO_ORDER: OrderColumns = {
  order_epoch: 0,
  order_version: null,
  order_time: null,
  order_invocation_id: null,
};

/** As the database stores it. */
export const orderColumns = (order: PasswordOrder) => ({
  order_epoch: order.epoch ?? 0,
  order_version: order.version,
  order_time: order.originatingTime,
  order_invocation_id: order.originatingInvocationId,
});

/** As it was received; null for a user who never had a password. */
export function orderOf(columns: OrderColumns): PasswordOrder | null {
  const { order_epoch: epoch, order_version: version } = columns;
  if (version === null) return null;
  return {
    ...(epoch > 0 && { epoch }),
    version,
    originatingTime: columns.order_time!,
    originatingInvocationId: columns.order_invocation_id!,
  };
}
