"""Jobs as people see and steer them: controls, progress, timeline, report, receipts."""
