/** Nothing yet. */
