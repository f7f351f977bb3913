"""Regional Safety Team (regionaal veiligheidsteam): joins others; never holds regie."""
