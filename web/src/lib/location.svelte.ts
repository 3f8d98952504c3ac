import { isOurs, match, type Route } from './router';

/** Where the browser is. Links are ordinary links; the back button works. */
class Location {
	path = $state(window.location.pathname);
	route: Route = $derived(match(this.path));

	/** Follows links without loading the page anew. Returns what undoes it. */
	follow(): () => void {
		const clicked = (event: MouseEvent) => {
			const link = (event.target as Element | null)?.closest('a');
			if (!link || !isOurs(event, link, window.location.origin)) return;
			event.preventDefault();
			this.go(link.pathname);
		};
		const moved = () => (this.path = window.location.pathname);
		document.addEventListener('click', clicked);
		window.addEventListener('popstate', moved);
		return () => {
			document.removeEventListener('click', clicked);
			window.removeEventListener('popstate', moved);
		};
	}

	go(path: string) {
		if (path !== this.path) window.history.pushState(null, '', path);
		this.path = path;
		window.scrollTo(0, 0);
	}
}

export const location = new Location();
