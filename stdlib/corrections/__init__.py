"""Corrections of correctionlib: files of schema version 2, their content trees and formulas."""
