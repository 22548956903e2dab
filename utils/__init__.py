"""Log, files, processes, device, random numbers, errors: for every folder. Imports nothing of ours."""
