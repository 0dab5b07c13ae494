"""12345 热线: work orders, brought as files from the hotline's system."""
