import { moment } from './time';
import type { Snapshot } from './types';

/** What a snapshot is for. */
export const purposes: Record<Snapshot['kind'], string> = {
	freeze: 'a freeze: what it is thawed from',
	migrate: 'a move to another host',
	safety: 'undoing a reset or a terminate',
	auto: 'taken on its interval',
	manual: 'somebody asked for it',
};

/** A snapshot in a list to choose from. */
export function named(snapshot: Snapshot): string {
	return `${moment(snapshot.saved_at ?? snapshot.created_at)}: ${purposes[snapshot.kind]}`;
}
