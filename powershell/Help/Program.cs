using Causeway.PowerShellHelp;

if (args is [var moduleFolder, var commentsFile]) return HelpWriter.Write(moduleFolder, commentsFile);
Console.Error.WriteLine("usage: causeway-powershell-help MODULE-FOLDER COMMENTS.xml");
return 2;
