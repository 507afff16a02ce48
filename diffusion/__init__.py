"""Models, schedules, samplers, guidance, regions, memory and training. Never imports engine, app or GL."""
