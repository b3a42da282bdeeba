"""Live serial taps: all that needs a POSIX terminal or pyserial, and nothing outside imports either."""
