/** Whether the server answers, as the last request found it. */
export class Connection {
	/** When it was first found away; undefined while it answers. */
	awaySince = $state<Date>();
	/** When it last answered. */
	seen = new Date();

	answered() {
		this.seen = new Date();
		this.awaySince = undefined;
	}

	away() {
		this.awaySince ??= new Date();
	}
}
