export const text = '{ "name": "shell", "severity": "high" }';
