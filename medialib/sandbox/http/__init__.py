"""The sandbox's wire: requests, answers, calls, rates, faults."""
